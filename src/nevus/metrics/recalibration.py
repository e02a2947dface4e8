"""Probabilities made to mean what they say, by what a method said of training images that it had not seen.

A calibration is JSON-able, so that it is kept in a classifier's spec: `{"kind": "temperature", "temperature": T}`, or
for two classes `{"kind": "isotonic", "x": [...], "y": [...]}`. Applying it needs numpy alone; only fitting needs more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nevus.contracts import CorpusError

SMALLEST = 1e-12  # what a probability of 0 counts as: its logarithm has to be finite
BOUNDS = (0.01, 100.0)  # of a temperature


def recalibrated(probabilities: NDArray[Any], calibration: Mapping[str, Any]) -> NDArray[np.float32]:
    """Apply a calibration.

    Args:
        probabilities: (N, K), rows adding up to 1.
        calibration: As `fit_temperature` or `fit_isotonic` returns it.

    Returns:
        (N, K) float32, rows adding up to 1.

    Raises:
        ValueError: There is no such kind of calibration.
    """
    if calibration["kind"] == "temperature":
        return softened(probabilities, calibration["temperature"]).astype(np.float32)
    if calibration["kind"] == "isotonic":
        of_second = np.interp(probabilities[:, 1], calibration["x"], calibration["y"])
        return np.stack([1 - of_second, of_second], axis=1).astype(np.float32)
    raise ValueError(f"a calibration is by temperature or isotonic; found '{calibration['kind']}'")


def softened(probabilities: NDArray[Any], temperature: float) -> NDArray[np.float64]:
    """Divide the logits by a temperature (arXiv:1706.04599, equation 9); the logarithms of probabilities are such.

    Args:
        probabilities: (N, K), rows adding up to 1.
        temperature: Above 1 makes them less sure, below 1 surer; the likeliest class stays the likeliest.

    Returns:
        (N, K), rows adding up to 1.
    """
    logits = np.log(np.maximum(np.asarray(probabilities, dtype=np.float64), SMALLEST)) / temperature
    odds = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    found: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
    return found


def fit_temperature(
    labels: NDArray[Any], probabilities: NDArray[Any], weights: NDArray[Any] | None = None
) -> dict[str, Any]:
    """Find the temperature with the least log loss (arXiv:1706.04599, section 4.2).

    Args:
        labels: (n,), 0 to K - 1.
        probabilities: (n, K), of images that did not train.
        weights: (n,), how much each image counts; None counts all alike.

    Returns:
        `kind` and `temperature`, from 0.01 to 100.

    Raises:
        CorpusError: There is no image of a class, or a probability is no number from 0 to 1.
    """
    from scipy.optimize import minimize_scalar

    require_fit(labels, probabilities)
    rows = np.arange(len(labels))

    def loss(logarithm: float) -> float:
        said = softened(probabilities, float(np.exp(logarithm)))[rows, labels]
        return float(np.average(-np.log(np.maximum(said, SMALLEST)), weights=weights))

    found = minimize_scalar(loss, bounds=tuple(np.log(BOUNDS)), method="bounded", options={"xatol": 1e-6})
    return {"kind": "temperature", "temperature": float(np.exp(found.x))}


def fit_isotonic(
    labels: NDArray[Any], probabilities: NDArray[Any], weights: NDArray[Any] | None = None
) -> dict[str, Any]:
    """Find the rising steps of least squared error (Zadrozny and Elkan, KDD 2002, section 3), by scikit-learn.

    It fits any shape, so it wants more images than a temperature: from about a thousand. What lies outside the
    probabilities seen is taken as the nearest of them.

    Args:
        labels: (n,), 0 or 1.
        probabilities: (n, 2), of images that did not train.
        weights: (n,), how much each image counts; None counts all alike.

    Returns:
        `kind`, `x` and `y`: corners of the steps, between which `recalibrated` draws straight lines.

    Raises:
        CorpusError: There are more than two classes, no image of a class, or a probability is no number from 0 to 1.
    """
    from sklearn.isotonic import IsotonicRegression

    require_fit(labels, probabilities)
    if probabilities.shape[1] != 2:
        raise CorpusError(
            f"isotonic calibration is for two classes, but these are probabilities of {probabilities.shape[1]}. Set "
            "calibration.method to temperature."
        )
    found = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
    found.fit(np.asarray(probabilities[:, 1], dtype=np.float64), labels, sample_weight=weights)
    return {"kind": "isotonic", "x": found.X_thresholds_.tolist(), "y": found.y_thresholds_.tolist()}


def require_fit(labels: NDArray[Any], probabilities: NDArray[Any]) -> None:
    """Refuse what no calibration can be learnt from.

    Raises:
        CorpusError: There is no image of a class, or a probability is no number from 0 to 1.
    """
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        wrong = int((~((probabilities >= 0) & (probabilities <= 1))).any(axis=1).sum())
        raise CorpusError(
            f"probabilities to calibrate by must lie between 0 and 1, but those of {wrong} images do not, or are no "
            "numbers. Cross-validate again by `kedro run --pipeline=cross_validation`."
        )
    missing = sorted(set(range(probabilities.shape[1])) - set(np.unique(labels).tolist()))
    if missing:
        raise CorpusError(
            f"calibration needs images of every class, but there is none of class {', '.join(map(str, missing))} among "
            f"{len(labels)} out-of-fold predictions. Label some, or leave the class out."
        )
