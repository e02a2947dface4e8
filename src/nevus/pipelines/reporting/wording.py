"""Numbers in words, for the report."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from nevus.contracts import Table

NAMES = {"ssgan": "SSGAN", "majority": "majority class", "colour_svm": "colour SVM"}
METRICS = {
    "auc": ("AUC", "chance that a melanoma gets a higher probability than a benign lesion"),
    "average_precision": ("Average precision", "mean precision over all recalls; depends on the share of melanoma"),
    "accuracy": ("Accuracy", "share of images called rightly"),
    "balanced_accuracy": ("Balanced accuracy", "mean of sensitivity and specificity"),
    "sensitivity": ("Sensitivity", "share of melanomas found"),
    "specificity": ("Specificity", "share of benign lesions left alone"),
    "brier": ("Brier score", "mean squared error of the probability; lower is better"),
    "calibration_error": ("Calibration error", "gap between probability and frequency; lower is better"),
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
        "Rows are the truth, columns what the run says. The lower left cell counts missed melanomas.",
    ),
    "reliability": (
        "Probabilities",
        "Points on the diagonal mean that of the images given 30% about 30% are melanoma. This holds at the share of "
        "melanoma in the test set only; a clinic sees far fewer.",
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


def display(name: str) -> str:
    """Name a run or floor for readers."""
    return NAMES.get(name, name.replace("_", " "))


def describe_test_set(rows: Table) -> str:
    """Count test images, melanomas and lesions, and name the training seed, from checked prediction rows."""
    groups = rows["group_id"].nunique() + int(rows["group_id"].isna().sum())
    known = f"{groups} lesions or patients" if rows["group_id"].notna().any() else "lesion of origin unknown"
    return (
        f"{len(rows)} test images ({int(rows['label'].sum())} melanoma, {known}), training seed {rows['seed'].iloc[0]}"
    )


def score_table(metrics: Table) -> list[dict[str, Any]]:
    """Arrange scores for the page: one dict a method with `name`, `role` and `cells` in the order of `METRICS`."""
    table = []
    for (name, role), rows in metrics.groupby(["method", "role"], sort=False):
        by_metric = rows.set_index("metric")
        cells = [(f"{row['value']:.2f}", range_of(row)) for row in (by_metric.loc[metric] for metric in METRICS)]
        table.append({"name": display(str(name)), "role": role, "cells": cells})
    return table


def difference_table(comparison: Table) -> list[dict[str, Any]]:
    """Arrange differences for the page: one dict a metric with `name` and `cells`, one cell for each other method."""
    table = []
    for metric, (title, _) in METRICS.items():
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
        table.append({"name": title, "cells": cells})
    return table


def embed(figures: Mapping[str, bytes]) -> list[dict[str, str]]:
    """Turn image bytes into data addresses with title and caption, in the order of `FIGURES`, others last."""
    order = [name for name in FIGURES if name in figures] + [name for name in figures if name not in FIGURES]
    embedded = []
    for name in order:
        title, caption = FIGURES.get(name, (name.replace("_", " ").capitalize(), ""))
        kind = "gif" if figures[name].startswith(b"GIF8") else "png"
        address = f"data:image/{kind};base64,{base64.b64encode(figures[name]).decode('ascii')}"
        embedded.append({"name": name, "title": title, "caption": caption, "address": address, "kind": kind})
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
