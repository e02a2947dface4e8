"""The scores of `classification.score` under many sets of image weights at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nevus.metrics.calibration import bin_index
from nevus.metrics.classification import called, claims, class_count, one_against_rest, squared_errors

Floats: TypeAlias = NDArray[np.float64]

_BLOCK = 4_000_000  # floats held at once (32 MB), so that a large test set does not fill the memory
_RANKING = 12  # arrays of the weights' size that ranking holds at once


def weighted_scores(
    labels: NDArray[Any], probabilities: NDArray[Any], weights: NDArray[Any], *, threshold: float, bins: int
) -> dict[str, Floats]:
    """Score the same predictions under R sets of weights, without a loop over R.

    Args:
        labels: (n,), 0 to K - 1.
        probabilities: (n,), of label 1, or (n, K), of each class; in [0, 1].
        weights: (R, n), not negative; each row gives weight to every class.
        threshold: Called label 1 above this probability; only for two classes.
        bins: Number of intervals of the calibration error.

    Returns:
        The keys of `classification.score`, each (R,); equal to scikit-learn's results with `sample_weight`.
    """
    terms, classes = _terms(labels, probabilities, threshold, bins), class_count(probabilities)
    questions = one_against_rest(labels, probabilities)
    sums = [weights[part].astype(np.float64) @ terms for part in in_blocks(*weights.shape)]
    blocks = []
    for part in in_blocks(*weights.shape, arrays=_RANKING):
        block = weights[part].astype(np.float64)
        ranked = [_ranking(*cumulative(*question, block)) for question in questions]
        blocks.append({name: np.mean([scores[name] for scores in ranked], axis=0) for name in ranked[0]})
    rankings = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    return _sums(np.concatenate(sums), classes) | rankings


def in_blocks(replicates: int, images: int, *, arrays: int = 1) -> Iterator[slice]:
    """Cut R replicates of n images into parts that can be held as floats.

    Args:
        replicates: R.
        images: n.
        arrays: Arrays of the size of a part that are held at once.

    Yields:
        Consecutive slices of the replicates.
    """
    rows = max(1, _BLOCK // (arrays * max(1, images)))
    for start in range(0, replicates, rows):
        yield slice(start, start + rows)


def cumulative(labels: NDArray[Any], probabilities: NDArray[Any], weights: Floats) -> tuple[Floats, Floats]:
    """Sum the weights of true and of false positives while the threshold falls.

    Args:
        labels: (n,), 0 or 1.
        probabilities: (n,), of label 1; tied images enter together.
        weights: (R, n).

    Returns:
        True positives and false positives, each (R, U) for the U distinct probabilities, highest first.
    """
    order = np.argsort(-probabilities, kind="stable")
    ranked = probabilities[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    shuffled = weights[:, order]
    positive = np.add.reduceat(shuffled * labels[order], starts, axis=1)
    everything = np.add.reduceat(shuffled, starts, axis=1)
    return positive.cumsum(axis=1), (everything - positive).cumsum(axis=1)


def _terms(labels: NDArray[Any], probabilities: NDArray[Any], threshold: float, bins: int) -> Floats:
    """Lay out, (n, 2K + 1 + bins), what each image adds to the sums whose ratios are the scores without ranking."""
    members = labels[:, None] == np.arange(class_count(probabilities))
    hits = members & (called(probabilities, threshold) == labels)[:, None]
    true, claimed = claims(labels, probabilities)
    in_bin = bin_index(claimed, bins)[:, None] == np.arange(bins)
    columns = [members, hits, squared_errors(labels, probabilities), in_bin * (true - claimed)[:, None]]
    return np.column_stack(columns).astype(np.float64)


def _sums(sums: Floats, classes: int) -> dict[str, Floats]:
    members, hits, rest = np.split(sums, [classes, 2 * classes], axis=1)  # (R, K) twice, (R, 1 + bins)
    total, recalls = members.sum(axis=1), hits / members
    scores = {
        "accuracy": hits.sum(axis=1) / total,
        "balanced_accuracy": recalls.mean(axis=1),
        "brier": rest[:, 0] / total,
        "calibration_error": np.abs(rest[:, 1:]).sum(axis=1) / total,
    }
    return scores | {"specificity": recalls[:, 0], "sensitivity": recalls[:, 1]} if classes == 2 else scores


def _ranking(true_positive: Floats, false_positive: Floats) -> dict[str, Floats]:
    gained = np.diff(true_positive, axis=1, prepend=0.0)
    wrong = np.diff(false_positive, axis=1, prepend=0.0)
    positive, negative = true_positive[:, -1], false_positive[:, -1]
    # A positive image outranks the negative ones that come later, and half of those tied with it.
    outranked = gained * (negative[:, None] - false_positive + wrong / 2)
    reached = true_positive + false_positive
    precision = np.divide(true_positive, reached, out=np.zeros_like(reached), where=reached > 0)
    return {
        "auc": outranked.sum(axis=1) / (positive * negative),
        "average_precision": (gained * precision).sum(axis=1) / positive,
    }
