"""Bands around curves, point by point, from resampled test sets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nevus.metrics.ranking import Floats, cumulative
from nevus.metrics.weighted import in_blocks

_ARRAYS = 8  # of the weights' size, held at once


def roc_band(
    labels: NDArray[Any], probabilities: NDArray[Any], weights: NDArray[Any], *, grid: Floats, confidence: float
) -> tuple[Floats, Floats]:
    """Bound the ROC curve point by point at given false positive rates.

    Args:
        labels: (n,), 0 or 1.
        probabilities: (n,), of label 1.
        weights: (R, n) from `intervals.resample`.
        grid: (G,), false positive rates from 0 to 1, rising.
        confidence: Of each point on its own, not of the whole curve.

    Returns:
        Lowest and highest true positive rate, each (G,).
    """
    parts = in_blocks(*weights.shape, arrays=_ARRAYS)
    return bounds(np.concatenate([_roc(labels, probabilities, weights[part], grid) for part in parts]), confidence)


def precision_recall_band(
    labels: NDArray[Any], probabilities: NDArray[Any], weights: NDArray[Any], *, grid: Floats, confidence: float
) -> tuple[Floats, Floats]:
    """Bound the precision point by point at given recalls; the curve goes in steps, as its average precision does.

    Args:
        labels: (n,), 0 or 1.
        probabilities: (n,), of label 1.
        weights: (R, n) from `intervals.resample`.
        grid: (G,), recalls above 0, up to 1, rising.
        confidence: Of each point on its own, not of the whole curve.

    Returns:
        Lowest and highest precision, each (G,).
    """
    parts = in_blocks(*weights.shape, arrays=_ARRAYS)
    curves = [_precision(labels, probabilities, weights[part], grid) for part in parts]
    return bounds(np.concatenate(curves), confidence)


def bounds(curves: Floats, confidence: float) -> tuple[Floats, Floats]:
    """The central share `confidence` of R curves, (R, G), at each point: lowest and highest, each (G,)."""
    outside = (1 - confidence) / 2
    low, high = np.quantile(curves, [outside, 1 - outside], axis=0)
    return low, high


def _roc(labels: NDArray[Any], probabilities: NDArray[Any], weights: NDArray[Any], grid: Floats) -> Floats:
    """True positive rates at the false positive rates in `grid`, (R, G)."""
    true_positive, false_positive = cumulative(labels, probabilities, weights.astype(np.float64))
    start = np.zeros((len(weights), 1))
    rates = [np.hstack([start, counts / counts[:, -1:]]) for counts in (false_positive, true_positive)]
    return np.array([np.interp(grid, wrong, right) for wrong, right in zip(*rates, strict=True)])


def _precision(labels: NDArray[Any], probabilities: NDArray[Any], weights: NDArray[Any], grid: Floats) -> Floats:
    """Precisions where the recalls in `grid` are reached first, (R, G)."""
    counts = cumulative(labels, probabilities, weights.astype(np.float64))
    found = []
    for right, wrong in zip(*counts, strict=True):
        place = right.searchsorted(right[-1] * (grid - 1e-9))
        found.append(right[place] / (right[place] + wrong[place]))
    return np.array(found)
