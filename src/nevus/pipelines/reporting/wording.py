"""Numbers in words, for the report."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from nevus.contracts import Table
from nevus.pipelines.reporting.classes import count_classes, terms

NAMES = {"ssgan": "SSGAN", "majority": "majority class", "colour_svm": "colour SVM"}
# `classes.terms` says what stands in braces.
METRICS = {
    "auc": ("AUC", "chance that an image of {one} gets a higher probability of it than an image of {other}{mean}"),
    "average_precision": ("Average precision", "mean precision over all recalls; depends on the share of {one}{mean}"),
    "accuracy": ("Accuracy", "share of images called rightly"),
    "balanced_accuracy": ("Balanced accuracy", "mean over the classes of the share of their images called rightly"),
    "sensitivity": ("Sensitivity", "share of the images of {one} found"),
    "specificity": ("Specificity", "share of the images of {other} left alone"),
    "brier": ("Brier score", "mean squared error of the probabilities; lower is better"),
    "calibration_error": ("Calibration error", "gap between probability and frequency{likeliest}; lower is better"),
}
UNDECIDED = "neither clearly ahead nor clearly behind"
LOWER_IS_BETTER = ("brier", "calibration_error")
FIGURES = {
    "roc": (
        "Ranking",
        "Each curve runs through all thresholds; the closer to the upper left corner, the better. The band shows "
        "how far the curve of the run moves when the test lesions are drawn anew. Floors are dashed.",
    ),
    "confusion": (
        "Decisions",
        "Rows are the truth, columns what the run says. The lower left cell counts the images of {one} that it missed.",
    ),
    "reliability": (
        "Probabilities",
        "Points on the diagonal mean that of the images given 30% about 30% are {one}. This holds at the share of "
        "{one} in the test set only; a clinic may see another.",
    ),
    "progress": ("Progress of the generator", "The same random inputs at successive training steps."),
    "real_and_generated": (
        "Generated images",
        "Look for variety and for lesions that look alike: a generator that repeats itself has collapsed.",
    ),
    "curves": (
        "Training",
        "Pale lines are single steps, strong lines running means. A discriminator sure of everything teaches the "
        "generator nothing; D(real) near D(generated) means that it cannot tell them apart.",
    ),
}

MANY_CLASSES = {  # captions that differ where there are more than two
    "roc": "Each curve is a class against the rest and runs through all thresholds; the closer to the upper left "
    "corner, the better. The title gives the mean of the areas.",
    "confusion": "Rows are the truth, columns what the run says; off the diagonal are the mistakes.",
    "reliability": "Points on the diagonal mean that of the images given 30% for the likeliest class about 30% are of "
    "that class. This holds at the shares of the classes in the test set only.",
}


FEW = 10  # groups; with fewer, replicates differ by single groups


def display(name: str) -> str:
    """Name a run or floor for readers."""
    return NAMES.get(name, name.replace("_", " "))


def describe_test_set(rows: Table, classes: Sequence[str]) -> str:
    """Count test images, those of each class and lesions, and name the training seed, from checked prediction rows."""
    groups = rows["group_id"].nunique() + int(rows["group_id"].isna().sum())
    known = f"{groups} lesions or patients" if rows["group_id"].notna().any() else "lesion of origin unknown"
    return f"{len(rows)} test images ({count_classes(rows, classes)}, {known}), training seed {rows['seed'].iloc[0]}"


def few_groups(rows: Table, classes: Sequence[str]) -> list[str]:
    """Warn of classes with so few lesions in the test set that no interval can say what other few would give."""
    own = rows["group_id"].astype("object").where(rows["group_id"].notna(), rows["image_id"])
    counts = own.groupby(rows["label"]).nunique()
    return [
        f"The test set has only {counts.get(label, 0)} of {name} (lesions or patients): what is said of this class, "
        "and its part in every mean, rests on these, and an interval cannot show how little that is."
        for label, name in enumerate(classes)
        if counts.get(label, 0) < FEW
    ]


def roc_title(rows: Table, area: Any, run: str, classes: Sequence[str]) -> str:
    """Say what the ROC figure compares."""
    if len(classes) == 2:
        title = f"{classes[1].capitalize()} against {classes[0]}: {display(run)} beside baseline and floors"
        return f"{title}\n{len(rows)} test images, {count_classes(rows, classes)}"
    return f"Each class against the rest: {display(run)}\n{len(rows)} test images, macro AUC {interval(area)}"


def metric_titles(metrics: Table, classes: Sequence[str]) -> list[tuple[str, str]]:
    """Name and explain the metrics that there are, in the order of `METRICS`."""
    return [(METRICS[name][0], METRICS[name][1].format(**terms(classes))) for name in present(metrics)]


def present(metrics: Table) -> list[str]:
    """The metrics that a table holds, in the order of `METRICS`."""
    return [name for name in METRICS if (metrics["metric"] == name).any()]


def score_table(metrics: Table) -> list[dict[str, Any]]:
    """Arrange scores for the page: one dict a method with `name`, `role` and `cells` in the order of `METRICS`."""
    table, names = [], present(metrics)
    for (name, role), rows in metrics.groupby(["method", "role"], sort=False):
        by_metric = rows.set_index("metric")
        cells = [(f"{row['value']:.2f}", range_of(row)) for row in (by_metric.loc[metric] for metric in names)]
        table.append({"name": display(str(name)), "role": role, "cells": cells})
    return table


def difference_table(comparison: Table) -> list[dict[str, Any]]:
    """Arrange differences for the page: one dict a metric with `name` and `cells`, one cell for each other method."""
    table = []
    for metric in present(comparison):
        sign = -1 if metric in LOWER_IS_BETTER else 1
        rows = comparison[comparison["metric"] == metric]
        cells = [
            {
                "other": display(row["other"]),
                "difference": signed(row),
                "p_value": p_value(row["p_value"]),
                "standing": standing(row, sign),
            }
            for _, row in rows.iterrows()
        ]
        table.append({"name": METRICS[metric][0], "cells": cells})
    return table


def embed(figures: Mapping[str, bytes], classes: Sequence[str]) -> list[dict[str, str]]:
    """Turn image bytes into data addresses with title and caption, in the order of `FIGURES`, others last."""
    order = [name for name in FIGURES if name in figures] + [name for name in figures if name not in FIGURES]
    embedded = []
    for name in order:
        title, caption = FIGURES.get(name, (name.replace("_", " ").capitalize(), ""))
        if len(classes) > 2:
            caption = MANY_CLASSES.get(name, caption)
        kind = "gif" if figures[name].startswith(b"GIF8") else "png"
        address = f"data:image/{kind};base64,{base64.b64encode(figures[name]).decode('ascii')}"
        embedded.append(
            {
                "name": name,
                "title": title,
                "caption": caption.format(**terms(classes)),
                "address": address,
                "kind": kind,
            }
        )
    return embedded


def flatten(parameters: Any, prefix: str = "") -> list[tuple[str, str]]:
    """List nested parameters as dotted names and values."""
    return list(_flat(parameters, prefix))


def cell(value: Any) -> str:
    """Write one value of a table: floats with three digits, nothing for what is missing."""
    if value is None or value != value:  # NaN is the value that differs from itself
        return ""
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def interval(row: Any) -> str:
    """Write a score with its interval."""
    return f"{row['value']:.2f} ({range_of(row)})"


def signed(row: Any) -> str:
    """Write a difference with its interval, with signs."""
    value, low, high = (f"{row[name]:+.3f}".replace("-", "\N{MINUS SIGN}") for name in ("difference", "low", "high"))
    return f"{value} ({low} to {high})"


def p_value(value: float) -> str:
    """Write a p-value with its relation."""
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"


def range_of(row: Any) -> str:
    """Write the ends of an interval."""
    return f"{row['low']:.2f} to {row['high']:.2f}"


def standing(row: Any, sign: int = 1) -> str:
    """Say where a difference stands, by whether its interval leaves out 0; sign is -1 where lower is better."""
    if row["low"] > 0 or row["high"] < 0:
        return "ahead" if sign * row["difference"] > 0 else "behind"
    return UNDECIDED


def _flat(parameters: Any, prefix: str) -> Iterator[tuple[str, str]]:
    if isinstance(parameters, BaseModel):
        parameters = parameters.model_dump()
    if isinstance(parameters, Mapping):
        for name, value in parameters.items():
            yield from _flat(value, f"{prefix}.{name}" if prefix else str(name))
    else:
        yield prefix, str(parameters)
