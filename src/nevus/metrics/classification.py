"""Scores of one set of predictions, for two classes or more.

Probabilities come in one of two shapes: (n,), of label 1, where there are two classes; (n, K), of each class, where
there are more. Ranking scores of K classes are the means over the classes, each against the rest; with two classes
both are the same number, so one is computed.
"""

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


def class_count(probabilities: NDArray[Any]) -> int:
    """The number of classes K that probabilities, (n,) or (n, K), speak of."""
    return 2 if probabilities.ndim == 1 else probabilities.shape[1]


def of_interest(probabilities: NDArray[Any]) -> NDArray[Any]:
    """Bring probabilities of each class, (n, K), into the shape that is scored: of two the second says all, (n,)."""
    return probabilities[:, 1] if probabilities.shape[1] == 2 else probabilities


def called(probabilities: NDArray[Any], threshold: float) -> NDArray[np.intp]:
    """Decide for a class: of two, for label 1 where its probability lies above the threshold; else for the likeliest.

    Exactly at the threshold the decision is label 0: this is what the argmax gives at 0.5, and it makes the floor that
    predicts one half for everybody call everybody label 0.

    Args:
        probabilities: (n,) or (n, K).
        threshold: In [0, 1]; only for two classes.

    Returns:
        (n,) labels.
    """
    return (probabilities > threshold).astype(np.intp) if probabilities.ndim == 1 else probabilities.argmax(axis=1)


def one_against_rest(labels: NDArray[Any], probabilities: NDArray[Any]) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Part K classes into questions with two answers.

    Args:
        labels: (n,), 0 to K - 1.
        probabilities: (n,) or (n, K).

    Returns:
        Whether an image is of the class (0 or 1) and its probability, each (n,): once for two classes, K times for
        more.
    """
    if probabilities.ndim == 1:
        return [(labels, probabilities)]
    return [((labels == number).astype(np.intp), column) for number, column in enumerate(probabilities.T)]


def claims(labels: NDArray[Any], probabilities: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """What calibration holds against what: of two classes label 1 and its probability, else the likeliest class.

    Args:
        labels: (n,), 0 to K - 1.
        probabilities: (n,) or (n, K).

    Returns:
        Whether the claim is true (0 or 1), and the probability that it was given, each (n,).
    """
    if probabilities.ndim == 1:
        return labels, probabilities
    return (probabilities.argmax(axis=1) == labels).astype(np.intp), probabilities.max(axis=1)


def squared_errors(labels: NDArray[Any], probabilities: NDArray[Any]) -> NDArray[np.float64]:
    """What each image adds to the Brier score: half the squared errors of all classes.

    Halved, it has the same range for any number of classes, 0 to 1, and for two it is the squared error of one of
    them, as it is commonly reported (Brier 1950 takes it whole).

    Args:
        labels: (n,), 0 to K - 1.
        probabilities: (n,) or (n, K).

    Returns:
        (n,).
    """
    if probabilities.ndim == 1:
        return np.asarray((labels - probabilities) ** 2, dtype=np.float64)
    truth = labels[:, None] == np.arange(probabilities.shape[1])
    return np.asarray(((truth - probabilities) ** 2).sum(axis=1) / 2, dtype=np.float64)


def require_every_class(labels: NDArray[Any], classes: int) -> None:
    """Refuse labels that lack a class: most scores mean nothing there.

    Args:
        labels: (n,).
        classes: Number of classes K.

    Raises:
        CorpusError: If a class is missing.
    """
    counts = np.bincount(labels.astype(np.intp), minlength=classes)
    if not counts[:classes].all():
        found = ", ".join(f"{count} of class {number}" for number, count in enumerate(counts))
        raise CorpusError(
            f"Scoring needs test images of every class, but found {found}. Draw the test images from the labelled ones "
            "by splits.test=hold_out (conf/base/parameters/splits.yml), or look at the labels that the reader takes."
        )


def score(labels: NDArray[Any], probabilities: NDArray[Any], *, threshold: float, bins: int) -> dict[str, float]:
    """Score predictions.

    Args:
        labels: (n,), 0 to K - 1, all present.
        probabilities: (n,), of label 1, or (n, K); in [0, 1].
        threshold: Called label 1 above this probability; only for two classes.
        bins: Number of intervals of the calibration error.

    Returns:
        One value for each of `METRICS`, all from 0 to 1; without sensitivity and specificity where there are more than
        two classes. AUC and average precision are then means over the classes, each against the rest (macro); the
        calibration error is that of the likeliest class.

    Raises:
        CorpusError: If a class is missing.
    """
    require_every_class(labels, class_count(probabilities))
    decided, questions = called(probabilities, threshold), one_against_rest(labels, probabilities)
    scores = {
        "accuracy": float(metrics.accuracy_score(labels, decided)),
        "balanced_accuracy": float(metrics.balanced_accuracy_score(labels, decided)),
        "auc": float(np.mean([metrics.roc_auc_score(*question) for question in questions])),
        "average_precision": float(np.mean([metrics.average_precision_score(*question) for question in questions])),
    }
    if class_count(probabilities) == 2:
        scores["sensitivity"] = float(metrics.recall_score(labels, decided, pos_label=1))
        scores["specificity"] = float(metrics.recall_score(labels, decided, pos_label=0))
    scores["brier"] = float(squared_errors(labels, probabilities).mean())
    scores["calibration_error"] = calibration_error(*claims(labels, probabilities), bins=bins)
    return scores
