"""What predictions say, for two classes or more: decisions, questions, claims and errors of each image.

Probabilities come in one of two shapes: (n,), of label 1, where there are two classes; (n, K), of each class, where
there are more. Ranking scores of K classes are the means over the classes, each against the rest; with two classes
both are the same number, so one is computed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nevus.contracts import CorpusError


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


def log_losses(labels: NDArray[Any], probabilities: NDArray[Any]) -> NDArray[np.float64]:
    """What each image adds to the log loss: minus the logarithm of the probability of its class.

    Args:
        labels: (n,), 0 to K - 1.
        probabilities: (n,) or (n, K); 0 counts as the smallest float that moves 1, as in scikit-learn.

    Returns:
        (n,), nats, at most 36.04.
    """
    if probabilities.ndim == 1:
        given = np.where(labels == 1, probabilities, 1 - probabilities)
    else:
        given = probabilities[np.arange(len(labels)), labels.astype(np.intp)]
    return np.asarray(-np.log(np.clip(given, np.finfo(np.float64).eps, 1.0)), dtype=np.float64)


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
