"""The scores of one set of predictions, by name."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nevus.metrics.classification import class_count, require_every_class
from nevus.metrics.weighted import weighted_scores

METRICS = (
    "auc",
    "average_precision",
    "partial_auc",
    "specificity_at_90_sensitivity",
    "specificity_at_95_sensitivity",
    "sensitivity_at_90_specificity",
    "accuracy",
    "balanced_accuracy",
    "sensitivity",
    "specificity",
    "f1",
    "mcc",
    "brier",
    "log_loss",
    "calibration_error",
    "adaptive_calibration_error",
)


def score(labels: NDArray[Any], probabilities: NDArray[Any], *, threshold: float, bins: int) -> dict[str, float]:
    """Score predictions.

    Args:
        labels: (n,), 0 to K - 1, all present.
        probabilities: (n,), of label 1, or (n, K); in [0, 1].
        threshold: Called label 1 above this probability; only for two classes.
        bins: Number of intervals of the calibration errors.

    Returns:
        One value for each of `METRICS`, from 0 to 1 but for `mcc` (from -1) and `log_loss` (nats, from 0 up); without
        sensitivity and specificity where there are more than two classes. Scores of ranking, F1 and the adaptive
        calibration error are then means over the classes, each against the rest (macro); the other calibration error
        is that of the likeliest class, and `mcc` is Gorodkin's (2004).

    Raises:
        CorpusError: If a class is missing.
    """
    require_every_class(labels, class_count(probabilities))
    found = weighted_scores(labels, probabilities, np.ones((1, len(labels))), threshold=threshold, bins=bins)
    return {name: float(values[0]) for name, values in found.items()}
