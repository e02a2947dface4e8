"""How far predicted probabilities are from observed frequencies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binomtest

from nevus.contracts import Table


def bin_index(probabilities: NDArray[Any], bins: int) -> NDArray[np.intp]:
    """Put each probability in one of `bins` intervals of equal width, ((m - 1) / M, m / M]; 0 goes into the first.

    Args:
        probabilities: (n,), in [0, 1].
        bins: Number of intervals M.

    Returns:
        (n,), from 0 to M - 1.
    """
    inner_edges = np.linspace(0.0, 1.0, bins + 1)[1:-1]
    return np.searchsorted(inner_edges, probabilities, side="left")


def adaptive_bins(probabilities: NDArray[Any], bins: int) -> NDArray[np.intp]:
    """Put each probability in one of `bins` intervals that hold equally many; tied ones stay together.

    Args:
        probabilities: (n,).
        bins: Number of intervals M; some stay empty where many are tied.

    Returns:
        (n,), from 0 to M - 1.
    """
    last = -(-np.arange(1, bins) * len(probabilities) // bins) - 1  # of each bin, in whole numbers
    inner_edges = np.sort(probabilities)[np.maximum(last, 0)]
    return np.searchsorted(inner_edges, probabilities, side="left")


def calibration_error(labels: NDArray[Any], probabilities: NDArray[Any], *, bins: int) -> float:
    """Compute the expected calibration error: the mean gap between predicted and observed, weighted by bin size.

    arXiv:1706.04599, equation 3, of whatever was claimed (`classification.claims`): with two classes the probability of
    label 1 is held against the share of label 1, with more the probability of the likeliest class against its
    accuracy, as in the paper. The estimate is biased upwards, the more so the fewer images and the more bins
    (arXiv:2012.08668); it can only be compared at equal n and bins.

    Args:
        labels: (n,), 0 or 1: whether the claim is true.
        probabilities: (n,), of label 1, in [0, 1].
        bins: Number of intervals of equal width.

    Returns:
        From 0 (calibrated) to 1.
    """
    gaps = np.bincount(bin_index(probabilities, bins), weights=labels - probabilities, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))


def reliability_table(labels: NDArray[Any], probabilities: NDArray[Any], *, bins: int, confidence: float) -> Table:
    """Tabulate what a reliability diagram shows, one row an occupied bin.

    Args:
        labels: (n,), 0 or 1: whether the claim is true.
        probabilities: (n,), of label 1, in [0, 1].
        bins: Number of intervals of equal width.
        confidence: Of the Wilson interval of `observed`, which takes images as independent, such as 0.95.

    Returns:
        Columns `start`, `end` (the bin), `count`, `predicted` (mean probability), `observed` (share of label 1), `low`,
        `high` (interval of `observed`).
    """
    index = bin_index(probabilities, bins)
    edges = np.linspace(0.0, 1.0, bins + 1)
    rows = []
    for number in np.unique(index):
        inside = index == number
        count, positive = int(inside.sum()), int(labels[inside].sum())
        wilson = binomtest(positive, count).proportion_ci(confidence_level=confidence, method="wilson")
        rows.append(
            {
                "start": edges[number],
                "end": edges[number + 1],
                "count": count,
                "predicted": float(probabilities[inside].mean()),
                "observed": positive / count,
                "low": wilson.low,
                "high": wilson.high,
            }
        )
    return pd.DataFrame(rows)
