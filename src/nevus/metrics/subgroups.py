"""Scores of parts of a test set: by age, sex, site of the body and source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nevus.contracts import SUBGROUP_COLUMNS, Table
from nevus.groups import group_keys
from nevus.metrics.classification import class_count
from nevus.metrics.intervals import estimate, resample
from nevus.metrics.predictions import probabilities_of

ATTRIBUTES = ("age", "sex", "site", "source")  # of the manifest
SHOWN = ("auc", "sensitivity", "specificity", "balanced_accuracy", "brier")
UNKNOWN, OTHERS = "unknown", "others"


def memberships(rows: Table, *, age_bands: Sequence[int], most: int) -> dict[str, pd.Series[Any]]:
    """Which group each image is in, for every attribute that parts the images.

    Args:
        rows: Of the manifest, with what it has of `ATTRIBUTES`.
        age_bands: First year of life of each band but the lowest, rising.
        most: Groups of an attribute; where there are more values, the rarest become "others".

    Returns:
        By attribute, (n,) ordered categories; an age band without an image is one of them. Attributes that nothing is
        known of, or that are the same for all images, are left out.
    """
    found = {}
    for attribute in [name for name in ATTRIBUTES if name in rows]:
        values = _bands(rows["age"], age_bands) if attribute == "age" else _named(rows[attribute], most)
        if values.nunique() > 1 and (values != UNKNOWN).any():
            found[attribute] = values
    return found


def subgroup_scores(
    rows: Table,
    groups: Mapping[str, pd.Series[Any]],
    classes: Sequence[str],
    *,
    few: int,
    replicates: int,
    confidence: float,
    seed: int,
    threshold: float,
    bins: int,
) -> Table:
    """Score each group on its own, with intervals by bootstrap over its lesions.

    fairlearn's `MetricFrame` takes the images apart; its own bootstrap draws single images, so the intervals are ours.

    Args:
        rows: Test rows, from `metrics.predictions.scored_rows`.
        groups: From `memberships`, (n,) each.
        classes: Names of the classes.
        few: With fewer lesions or patients of a class than this a group is too small to say anything.
        replicates: Resampled test sets of each group.
        confidence: Of the intervals.
        seed: Of the bootstrap.
        threshold: Called label 1 above this probability; only for two classes.
        bins: Number of intervals of the calibration error, which is not shown.

    Returns:
        `SUBGROUP_COLUMNS`: a row a group and score, of those in `SHOWN` that there are. A group that lacks a class, or
        has no image, has no values, but a `note` that says why; so has one that is too small, beside its values.
    """
    from fairlearn.metrics import MetricFrame

    lesions = pd.Series(group_keys(rows[["image_id", "group_id"]]), index=rows.index)

    def score(labels: Any, probabilities: Any, lesions: Any) -> dict[str, Any]:
        if len(np.unique(labels)) < len(classes):
            return {}
        weights = resample(labels, lesions, replicates=replicates, seed=seed)
        return dict(estimate(labels, probabilities, weights, threshold=threshold, bins=bins))

    probabilities, labels = probabilities_of(rows), rows["label"].to_numpy()
    shown = [name for name in SHOWN if class_count(probabilities) == 2 or name not in ("sensitivity", "specificity")]
    made: list[tuple[Any, ...]] = []
    for attribute, members in groups.items():
        frame = MetricFrame(
            metrics=score,
            y_true=labels,
            y_pred=probabilities,
            sensitive_features=members.astype(str).rename(attribute),
            sample_params={"lesions": lesions.to_numpy()},
        )
        for group in members.cat.categories:
            own = (members == group).to_numpy()
            counts = _lesions_of(labels[own], lesions.to_numpy()[own], len(classes))
            found = frame.by_group[group] if own.any() else {}
            place = attribute, group, int(own.sum()), _in_words(counts, classes)
            note = _note(counts, classes, few)
            for name in shown:
                values = (found[name].value, *found[name].interval(confidence)) if found else (np.nan,) * 3
                made.append((*place, name, *values, note))
    return pd.DataFrame(made, columns=list(SUBGROUP_COLUMNS))


def _bands(ages: pd.Series[Any], starts: Sequence[int]) -> pd.Series[Any]:
    """Name the age band of each image: "under 30", "30 to 44", ..., "75 and over", "unknown"."""
    ends = [f"{start} to {after - 1}" for start, after in pairwise(starts)]
    names = [f"under {starts[0]}", *ends, f"{starts[-1]} and over"]
    cut = pd.cut(ages.astype("float64"), [-np.inf, *starts, np.inf], right=False, labels=names)
    if cut.isna().any():
        cut = cut.cat.add_categories([UNKNOWN]).fillna(UNKNOWN)
    return cut


def _named(values: pd.Series[Any], most: int) -> pd.Series[Any]:
    """The values as they are, by name; what is unknown comes last."""
    counts = values.value_counts()
    kept = counts.index[: most if len(counts) <= most else most - 1]
    named = values.astype("object").where(values.isin(kept) | values.isna(), OTHERS).where(values.notna(), UNKNOWN)
    last = [name for name in (OTHERS, UNKNOWN) if (named == name).any()]
    first = sorted(set(named) - set(last), key=str)
    return named.astype(pd.CategoricalDtype([*first, *last], ordered=True))


def _lesions_of(labels: NDArray[Any], lesions: NDArray[Any], classes: int) -> list[int]:
    """Count the lesions or patients of each class."""
    return [len(np.unique(lesions[labels == number])) for number in range(classes)]


def _in_words(counts: Sequence[int], classes: Sequence[str]) -> str:
    return ", ".join(f"{count} {name}" for count, name in zip(counts, classes, strict=True))


def _note(counts: Sequence[int], classes: Sequence[str], few: int) -> str:
    """Why a group has no number, or why its numbers say nothing."""
    if not any(counts):
        return "no test image"
    if lacking := [name for count, name in zip(counts, classes, strict=True) if count == 0]:
        return f"no image of {', '.join(lacking)}"
    small = [f"{count} of {name}" for count, name in zip(counts, classes, strict=True) if count < few]
    return f"too few to say: {', '.join(small)}" if small else ""
