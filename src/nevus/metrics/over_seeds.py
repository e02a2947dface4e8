"""Scores of a method over several trainings: how far they move with the test images, and how far with the seed."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nevus.metrics.classification import one_against_rest
from nevus.metrics.intervals import Difference, Estimate, estimate, paired_difference
from nevus.metrics.weighted import Floats, in_blocks

_BLOCK = 4_000_000  # pairs of images held at once


class Spread(NamedTuple):
    """Two standard errors of a mean over seeds, or of a difference of two; they answer different questions.

    Attributes:
        images: Were other test images drawn: standard deviation of the bootstrap replicates.
        seeds: Were the trainings repeated: standard deviation over the seeds / sqrt(their number); NaN for one seed.
    """

    images: float
    seeds: float

    @property
    def both(self) -> float:
        """Root of the sum of the squares, as the two are drawn apart; that of the images alone for one seed."""
        return float(np.hypot(self.images, np.nan_to_num(self.seeds)))


def estimate_over_seeds(
    labels: NDArray[Any], probabilities: NDArray[Any], weights: NDArray[Any], *, metric: str, **how: Any
) -> Estimate:
    """The mean score over the seeds, and the same on resampled test sets; all seeds see the same ones.

    Args:
        labels: (n,), 0 to K - 1.
        probabilities: (S, n), of label 1, or (S, n, K), of each class; of S trainings.
        weights: (R, n) from `intervals.resample`.
        metric: One of `classification.score`.
        how: `threshold` and `bins` as in `intervals.estimate`; the AUC needs neither.
    """
    if metric == "auc":
        ones = np.ones((1, len(labels)), dtype=np.uint16)
        replicates = mean_areas(labels, probabilities, np.concatenate([ones, weights]))
        return Estimate(float(replicates[0]), replicates[1:])
    found = [estimate(labels, one, weights, **how)[metric] for one in probabilities]
    return Estimate(float(np.mean([one.value for one in found])), np.mean([one.replicates for one in found], axis=0))


def mean_areas(labels: NDArray[Any], probabilities: NDArray[Any], weights: NDArray[Any]) -> Floats:
    """The mean over S trainings of the area under the ROC curve, for R sets of weights.

    The area is the weighted share of pairs of a positive and a negative image that are ranked rightly, ties by half
    (Hanley and McNeil 1982), so it is linear in the pairs: they are averaged over the trainings before they are
    weighted, and further trainings cost nothing more.

    Args:
        labels: (n,), 0 to K - 1.
        probabilities: (S, n), or (S, n, K), where it is the mean over the classes.
        weights: (R, n), not negative; each row gives weight to every class.

    Returns:
        (R,).
    """
    questions = [one_against_rest(labels, one) for one in probabilities]
    areas = [
        _mean_area(one[0][0], np.stack([scores for _, scores in one]), weights)
        for one in zip(*questions, strict=True)  # a class at a time, of all trainings
    ]
    return np.asarray(np.mean(areas, axis=0), dtype=np.float64)


def spread(differences: Floats, by_seed: Floats) -> Spread:
    """Both standard errors.

    Args:
        differences: (R,), replicates of the mean over the seeds.
        by_seed: (S,), the same on the test set as it is, a seed each.
    """
    seeds = np.std(by_seed, ddof=1) / np.sqrt(len(by_seed)) if len(by_seed) > 1 else np.nan
    return Spread(float(np.std(differences, ddof=1)), float(seeds))


def difference_over_seeds(
    one: Estimate, other: Estimate, by_seed: Floats, *, confidence: float
) -> tuple[Difference, Spread]:
    """Compare the mean scores of two methods on the same resampled test sets.

    Args:
        one: Mean over the seeds of the one.
        other: Of the other, over the same seeds.
        by_seed: (S,), the difference of each seed.
        confidence: Of the interval.

    Returns:
        The difference with interval and p-value, which speak of other test images and of these seeds, and how far it
        moves with the images and with the seed.
    """
    difference = paired_difference(one, other, confidence=confidence)
    return difference, spread(one.replicates - other.replicates, by_seed)


def _mean_area(positive: NDArray[Any], scores: Floats, weights: NDArray[Any]) -> Floats:
    """Of one question: `positive` (n,) is 0 or 1, `scores` (S, n)."""
    inside, outside = np.flatnonzero(positive == 1), np.flatnonzero(positive == 0)
    rows = max(1, _BLOCK // max(1, len(outside)))
    right = np.zeros(len(weights))
    for start in range(0, len(inside), rows):
        some = inside[start : start + rows]
        pairs = np.zeros((len(some), len(outside)))
        for one in scores:
            above, below = one[some, None], one[None, outside]
            pairs += (above > below) + 0.5 * (above == below)
        for part in in_blocks(len(weights), len(outside)):
            right[part] += ((weights[part][:, some] @ pairs) * weights[part][:, outside]).sum(axis=1)
    members, others = (weights[:, of].sum(axis=1, dtype=np.float64) for of in (inside, outside))
    return np.asarray(right / (len(scores) * members * others), dtype=np.float64)
