"""What a falling threshold finds: scores of the order in which predictions put images, under many sets of weights."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

SENSITIVITY = 0.8  # above which the partial area counts, as in the ISIC challenges
_ROUNDING = 1e-9  # of a share: 0.9 times a count of images must not miss the count that is meant


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


def ranking_scores(true_positive: Floats, false_positive: Floats) -> dict[str, Floats]:
    """Score an order of images.

    Args:
        true_positive: (R, U) from `cumulative`, above 0 at the end of each row.
        false_positive: (R, U), likewise.

    Returns:
        Each (R,): `auc`; `average_precision`; `partial_auc`, the area under the ROC curve from where it reaches a
        sensitivity of 0.8 to its end (as `auc_above_sensitivity` of isic-challenge-scoring; 0.18 along the diagonal);
        and the best specificity among thresholds that reach a
        sensitivity of 90 % and of 95 %, the best sensitivity among those that reach a specificity of 90 %, none of
        them interpolated.
    """
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
        "partial_auc": _partial_area(true_positive, false_positive, outranked) / (positive * negative),
        "specificity_at_90_sensitivity": 1 - _false_positives(true_positive, false_positive, 0.90) / negative,
        "specificity_at_95_sensitivity": 1 - _false_positives(true_positive, false_positive, 0.95) / negative,
        "sensitivity_at_90_specificity": _true_positives(true_positive, false_positive, 0.90) / positive,
    }


def _reaching(counts: Floats, share: float) -> NDArray[np.intp]:
    """In each row the first position that reaches a share of the last, (R,)."""
    wanted = counts[:, -1] * (share - _ROUNDING)
    return np.array([row.searchsorted(count) for row, count in zip(counts, wanted, strict=True)])


def _false_positives(true_positive: Floats, false_positive: Floats, sensitivity: float) -> Floats:
    return false_positive[np.arange(len(false_positive)), _reaching(true_positive, sensitivity)]


def _true_positives(true_positive: Floats, false_positive: Floats, specificity: float) -> Floats:
    allowed = false_positive[:, -1] * (1 - specificity + _ROUNDING)
    within = [row.searchsorted(count, side="right") for row, count in zip(false_positive, allowed, strict=True)]
    return np.array([row[place - 1] if place else 0.0 for row, place in zip(true_positive, within, strict=True)])


def _partial_area(true_positive: Floats, false_positive: Floats, outranked: Floats) -> Floats:
    """The area, in pairs of images, from where the curve crosses the sensitivity; `outranked` adds up to the whole."""
    rows, place = np.arange(len(true_positive)), _reaching(true_positive, SENSITIVITY)
    negative, wanted = false_positive[:, -1], SENSITIVITY * true_positive[:, -1]
    after, wrong_after = true_positive[rows, place], false_positive[rows, place]
    before = np.where(place > 0, true_positive[rows, place - 1], 0.0)
    wrong_before = np.where(place > 0, false_positive[rows, place - 1], 0.0)
    crossed = wrong_before + (wrong_after - wrong_before) * (wanted - before) / (after - before)
    below = wanted * (negative - crossed)  # the rectangle under the crossing
    split = (after - wanted) * (negative - (crossed + wrong_after) / 2)
    rest = np.array([row[start + 1 :].sum() for row, start in zip(outranked, place, strict=True)])
    return np.asarray(below + split + rest)
