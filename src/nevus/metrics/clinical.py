"""What decisions are worth where the disease is as frequent as stated, rather than as in the test set."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nevus.metrics.ranking import Floats
from nevus.metrics.weighted import in_blocks


def rates_above(
    labels: NDArray[Any], probabilities: NDArray[Any], weights: NDArray[Any], thresholds: Floats
) -> tuple[Floats, Floats]:
    """Shares of each kind of image that are called label 1, at several thresholds under several sets of weights.

    Args:
        labels: (n,), 0 or 1, both present under all weights.
        probabilities: (n,), of label 1.
        weights: (R, n).
        thresholds: (G,).

    Returns:
        True and false positive rates, each (R, G).
    """
    called = probabilities[:, None] > thresholds
    positive = (labels == 1)[:, None]
    terms = np.hstack([called & positive, called & ~positive, positive, ~positive]).astype(np.float64)
    sums = np.concatenate([weights[part].astype(np.float64) @ terms for part in in_blocks(*weights.shape)])
    true_positive, false_positive = np.split(sums[:, :-2], 2, axis=1)
    return true_positive / sums[:, -2:-1], false_positive / sums[:, -1:]


def predictive_values(sensitivity: Floats, specificity: Floats, prevalence: float) -> tuple[Floats, Floats]:
    """Chances that a call is right, by Bayes' rule.

    Args:
        sensitivity: Of any shape.
        specificity: Of the same shape.
        prevalence: Share of label 1 where the calls are made, above 0 and below 1.

    Returns:
        Positive and negative predictive value, of that shape; NaN where nobody is called so.
    """
    found, missed = sensitivity * prevalence, (1 - sensitivity) * prevalence
    alarms, left_alone = (1 - specificity) * (1 - prevalence), specificity * (1 - prevalence)
    return _ratio(found, found + alarms), _ratio(left_alone, left_alone + missed)


def net_benefit(true_rate: Floats, false_rate: Floats, thresholds: Floats, prevalence: float) -> Floats:
    """What calling is worth: found cases, minus false alarms weighed by the threshold (Vickers and Elkin 2006, eq. 1).

    Whoever acts from a probability t on holds a false alarm to be t / (1 - t) as bad as a found case is good.

    Args:
        true_rate: (..., G), sensitivity at each threshold.
        false_rate: (..., G), 1 - specificity at each threshold.
        thresholds: (G,), below 1.
        prevalence: Share of label 1.

    Returns:
        (..., G), in found cases a person examined: at most the prevalence; 0 for calling nobody.
    """
    return true_rate * prevalence - false_rate * (1 - prevalence) * thresholds / (1 - thresholds)


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full_like(whole, np.nan), where=whole > 0)
