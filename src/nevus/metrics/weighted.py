"""The scores of `classification.score` under many sets of image weights at once."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nevus.metrics.calibration import bin_index
from nevus.metrics.classification import called_melanoma

Floats: TypeAlias = NDArray[np.float64]

_BLOCK = 4_000_000  # weights held as floats at once (32 MB), so that a large test set does not fill the memory


def weighted_scores(
    labels: NDArray[Any], probabilities: NDArray[Any], weights: NDArray[Any], *, threshold: float, bins: int
) -> dict[str, Floats]:
    """Score the same predictions under R sets of weights, without a loop over R.

    Args:
        labels: (n,), 0 or 1.
        probabilities: (n,), of label 1, in [0, 1].
        weights: (R, n), not negative; each row gives weight to both classes.
        threshold: Called melanoma above this probability.
        bins: Number of intervals of the calibration error.

    Returns:
        The keys of `classification.score`, each (R,); equal to scikit-learn's results with `sample_weight`.
    """
    rows = max(1, _BLOCK // len(labels))
    terms = _terms(labels, probabilities, threshold, bins)
    blocks = []
    for start in range(0, len(weights), rows):
        block = weights[start : start + rows].astype(np.float64)
        blocks.append(_sums(block @ terms) | _ranking(*cumulative(labels, probabilities, block)))
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


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
    """Lay out, (n, 5 + bins), what each image adds to the sums whose ratios are the scores that need no ranking."""
    called, melanoma = called_melanoma(probabilities, threshold), labels == 1
    in_bin = bin_index(probabilities, bins)[:, None] == np.arange(bins)
    gap = labels - probabilities
    columns = [melanoma, ~melanoma, melanoma & called, ~melanoma & ~called, gap**2]
    return np.column_stack([*columns, in_bin * gap[:, None]]).astype(np.float64)


def _sums(sums: Floats) -> dict[str, Floats]:
    melanoma, benign, true_positive, true_negative, squared = sums[:, :5].T
    total = melanoma + benign
    sensitivity, specificity = true_positive / melanoma, true_negative / benign
    return {
        "accuracy": (true_positive + true_negative) / total,
        "balanced_accuracy": (sensitivity + specificity) / 2,
        "sensitivity": sensitivity,
        "specificity": specificity,
        "brier": squared / total,
        "calibration_error": np.abs(sums[:, 5:]).sum(axis=1) / total,
    }


def _ranking(true_positive: Floats, false_positive: Floats) -> dict[str, Floats]:
    gained = np.diff(true_positive, axis=1, prepend=0.0)
    wrong = np.diff(false_positive, axis=1, prepend=0.0)
    melanoma, benign = true_positive[:, -1], false_positive[:, -1]
    # A melanoma outranks the benign images that come later, and half of those tied with it.
    outranked = gained * (benign[:, None] - false_positive + wrong / 2)
    called = true_positive + false_positive
    precision = np.divide(true_positive, called, out=np.zeros_like(called), where=called > 0)
    return {
        "auc": outranked.sum(axis=1) / (melanoma * benign),
        "average_precision": (gained * precision).sum(axis=1) / melanoma,
    }
