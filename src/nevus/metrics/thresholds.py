"""Choosing above which probability the second of two classes is called, on predictions for training images."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nevus.contracts import CorpusError

Rule: TypeAlias = Literal["youden", "sensitivity", "cost_ratio"]


def choose_threshold(
    labels: NDArray[Any],
    probabilities: NDArray[Any],
    rule: Rule,
    *,
    sensitivity: float | None = None,
    cost_ratio: float | None = None,
) -> float:
    """Choose a threshold; label 1 is called above it. Never hand in predictions of test images.

    "youden" takes the largest sensitivity + specificity - 1 (Youden 1950). "sensitivity" takes the highest threshold
    that still finds the wanted share of label 1. "cost_ratio" takes the least `cost_ratio` x missed + false alarms,
    counted at the shares of the classes among these images; of calibrated probabilities this is 1 / (1 + cost_ratio)
    (Elkan 2001). Of thresholds that are equally good the lowest is taken, which misses the least.

    Args:
        labels: (n,), 0 or 1, both present.
        probabilities: (n,), of label 1, in [0, 1], by networks that did not train on these images.
        rule: One of the three.
        sensitivity: For that rule, such as 0.9; above 0, at most 1.
        cost_ratio: For that rule: how many false alarms a missed image of label 1 weighs, such as 10; above 0.

    Returns:
        In [0, 1], halfway between two probabilities that occur where that is possible.

    Raises:
        CorpusError: If a class is missing, the number that the rule needs is not given or out of range, or the
            sensitivity is out of reach because images of label 1 have the probability 0.
    """
    positives = int(labels.sum())
    negatives = len(labels) - positives
    if not (positives and negatives):
        raise CorpusError(
            f"A threshold is chosen on images of both classes, but of {len(labels)} images {positives} are of the "
            "second. Choose it on more folds, or give a fixed one by evaluation.threshold "
            "(conf/base/parameters/evaluation.yml)."
        )
    thresholds = _candidates(probabilities)
    found = positives - np.searchsorted(np.sort(probabilities[labels == 1]), thresholds, side="right")
    alarms = negatives - np.searchsorted(np.sort(probabilities[labels == 0]), thresholds, side="right")
    if rule == "youden":
        return float(thresholds[_first_best(found / positives - alarms / negatives)])
    if rule == "cost_ratio":
        ratio = _given("cost_ratio", cost_ratio, np.inf)
        return float(thresholds[_first_best(-(ratio * (positives - found) + alarms))])
    wanted = _given("sensitivity", sensitivity, 1.0)
    reached = np.flatnonzero(found >= wanted * positives - 1e-9)
    if not len(reached):
        raise CorpusError(
            f"A threshold for a sensitivity of {wanted:g} does not exist: {positives - int(found[0])} of {positives} "
            "images of the second class have the probability 0. Ask for a lower sensitivity, or calibrate by "
            "temperature, which keeps probabilities above 0."
        )
    return float(thresholds[reached[-1]])


def _candidates(probabilities: NDArray[Any]) -> NDArray[np.float64]:
    """Rising thresholds that part the images differently: 0, those between neighbours, and the highest probability."""
    occurring = np.unique(probabilities.astype(np.float64))
    lower, upper = occurring[:-1], occurring[1:]
    middle = (lower + upper) / 2
    between = np.where(middle < upper, middle, lower)  # neighbouring floats have nothing between them
    return np.unique(np.concatenate([[0.0], between, occurring[-1:]]))


def _first_best(gains: NDArray[Any]) -> int:
    return int(np.flatnonzero(gains >= gains.max() - 1e-12)[0])


def _given(name: str, value: float | None, most: float) -> float:
    if value is None or not 0 < value <= most:
        found = "none is given" if value is None else f"it is {value:g}"
        limit = "above 0" if np.isinf(most) else f"above 0 and at most {most:g}"
        raise CorpusError(f"To choose a threshold by {name} it must be {limit}, but {found}. Set it beside the rule.")
    return float(value)
