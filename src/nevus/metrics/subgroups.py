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
from nevus.metrics.classification import called, class_count, one_against_rest, squared_errors
from nevus.metrics.intervals import Estimate, resample
from nevus.metrics.predictions import probabilities_of
from nevus.metrics.weighted import in_blocks

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

    Returns:
        `SUBGROUP_COLUMNS`: a row a group and score, of those in `SHOWN` that there are. A group that lacks a class, or
        has no image, has no values, but a `note` that says why; so has one that is too small, beside its values.
    """
    from fairlearn.metrics import MetricFrame

    lesions = pd.Series(group_keys(rows[["image_id", "group_id"]]), index=rows.index)

    def score(labels: Any, probabilities: Any, lesions: Any) -> dict[str, Any]:
        if len(np.unique(labels)) < len(classes):
            return {}
        drawn = resample(labels, lesions, replicates=replicates, seed=seed)
        once = np.ones((1, len(labels)), dtype=np.uint16)
        values, found = (_scores(labels, probabilities, weights, threshold) for weights in (once, drawn))
        return {name: Estimate(float(values[name][0]), found[name]) for name in shown}

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


def _scores(
    labels: NDArray[Any], probabilities: NDArray[Any], weights: NDArray[Any], threshold: float
) -> dict[str, NDArray[np.float64]]:
    """Those in `SHOWN` alone, (R,) each, for weights (R, n): twice as fast as all that `weighted_scores` gives."""
    members = labels[:, None] == np.arange(class_count(probabilities))
    hits = members & (called(probabilities, threshold) == labels)[:, None]
    terms = np.column_stack([members, hits, squared_errors(labels, probabilities)]).astype(np.float64)
    questions, sums, areas = one_against_rest(labels, probabilities), [], []
    for part in in_blocks(*weights.shape, arrays=4):
        block = weights[part].astype(np.float64)
        sums.append(block @ terms)
        areas.append(np.mean([_areas(*question, block) for question in questions], axis=0))
    counts, right, squared = np.split(np.concatenate(sums), [members.shape[1], 2 * members.shape[1]], axis=1)
    recalls = right / counts
    scores = {"auc": np.concatenate(areas), "balanced_accuracy": recalls.mean(axis=1)}
    scores |= {"specificity": recalls[:, 0], "sensitivity": recalls[:, 1]}  # of two classes
    return scores | {"brier": squared[:, 0] / counts.sum(axis=1)}


def _areas(labels: NDArray[Any], probabilities: NDArray[Any], weights: NDArray[Any]) -> NDArray[np.float64]:
    """Area under the ROC curve as Mann and Whitney count it: negative images below a positive one, ties half; (R,)."""
    order = np.argsort(probabilities, kind="stable")
    ranked, positive = probabilities[order], np.flatnonzero(labels[order] == 1)
    shuffled = weights[:, order]
    below = np.zeros((len(weights), len(labels) + 1))
    np.cumsum(shuffled * (labels[order] == 0), axis=1, out=below[:, 1:])
    less, less_or_tied = (np.searchsorted(ranked, ranked[positive], side) for side in ("left", "right"))
    outranked = (below[:, less] + below[:, less_or_tied]) / 2
    found = shuffled[:, positive]
    return np.asarray((found * outranked).sum(axis=1) / (found.sum(axis=1) * below[:, -1]))


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
