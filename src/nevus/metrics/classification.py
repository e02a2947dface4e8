"""Scores of one set of predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

from nevus.contracts import CorpusError
from nevus.metrics.calibration import calibration_error

METRICS = (
    "accuracy",
    "balanced_accuracy",
    "auc",
    "average_precision",
    "sensitivity",
    "specificity",
    "brier",
    "calibration_error",
)


def called_melanoma(probabilities: NDArray[Any], threshold: float) -> NDArray[np.bool_]:
    """Decide for melanoma where the probability lies above the threshold.

    Exactly at the threshold the decision is benign: this is what the argmax over (benign, melanoma) gives at 0.5, and
    it makes the floor that predicts a prevalence of one half for everybody call everybody benign.

    Args:
        probabilities: (n,), of melanoma.
        threshold: In [0, 1].

    Returns:
        (n,) bool.
    """
    return probabilities > threshold


def require_both_classes(labels: NDArray[Any]) -> None:
    """Refuse labels of one class only: most scores mean nothing there.

    Raises:
        CorpusError: If a class is missing.
    """
    positive = int(np.sum(labels))
    if not 0 < positive < len(labels):
        raise CorpusError(
            f"Scoring needs benign and melanoma test images, but found {len(labels) - positive} benign and {positive} "
            "melanoma. Look at the split and the label columns that the ingestion parameters name."
        )


def score(labels: NDArray[Any], probabilities: NDArray[Any], *, threshold: float, bins: int) -> dict[str, float]:
    """Score predictions of melanoma.

    Args:
        labels: (n,), 0 benign or 1 melanoma, both present.
        probabilities: (n,), of melanoma, in [0, 1].
        threshold: Called melanoma above this probability.
        bins: Number of intervals of the calibration error.

    Returns:
        One value for each of `METRICS`, all from 0 to 1.

    Raises:
        CorpusError: If a class is missing.
    """
    require_both_classes(labels)
    called = called_melanoma(probabilities, threshold)
    return {
        "accuracy": float(metrics.accuracy_score(labels, called)),
        "balanced_accuracy": float(metrics.balanced_accuracy_score(labels, called)),
        "auc": float(metrics.roc_auc_score(labels, probabilities)),
        "average_precision": float(metrics.average_precision_score(labels, probabilities)),
        "sensitivity": float(metrics.recall_score(labels, called, pos_label=1)),
        "specificity": float(metrics.recall_score(labels, called, pos_label=0)),
        "brier": float(metrics.brier_score_loss(labels, probabilities)),
        "calibration_error": calibration_error(labels, probabilities, bins=bins),
    }
