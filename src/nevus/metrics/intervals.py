"""Bootstrap intervals over lesions, and paired differences between methods."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nevus.contracts import CorpusError
from nevus.metrics.classification import require_every_class
from nevus.metrics.ranking import Floats
from nevus.metrics.scores import score
from nevus.metrics.weighted import in_blocks, weighted_scores


class Estimate(NamedTuple):
    """A score and its bootstrap replicates.

    Attributes:
        value: On the test set as it is.
        replicates: (R,), on resampled test sets.
    """

    value: float
    replicates: Floats

    def interval(self, confidence: float) -> tuple[float, float]:
        """Bound the score by the percentiles of its replicates (Efron and Tibshirani 1993, chapter 13)."""
        return percentile_interval(self.replicates, confidence)


class Difference(NamedTuple):
    """How much one method exceeds another on the same images.

    Attributes:
        value: Score of the one minus score of the other.
        low: Lower end of the percentile interval.
        high: Upper end of the percentile interval.
        p_value: Two-sided; see `paired_difference`.
    """

    value: float
    low: float
    high: float
    p_value: float


def resample(labels: NDArray[Any], groups: NDArray[Any], *, replicates: int, seed: int) -> NDArray[np.uint16]:
    """Draw bootstrap test sets of whole groups (lesions or patients), as integer weights of the images.

    Images of one lesion are not independent, so lesions are drawn, with replacement, and bring all of their images.
    The draw is stratified: a group counts for the rarest class that it holds, and of each class as many groups are
    drawn as there are. So the prevalence stays about what the design of the test set made it. A replicate that lacks a
    class, without which AUC and recall do not exist, is drawn anew; that happens only where a rare class has few groups
    or shares them with a rarer one. Training is not repeated: the intervals speak of the test images, not of another
    training seed.

    Args:
        labels: (n,), 0 to K - 1, all present.
        groups: (n,), ids; null where an image is its own group.
        replicates: Number of draws R.
        seed: Of the random generator. The same labels, groups and seed give the same draws.

    Returns:
        (R, n), how often each image was drawn.

    Raises:
        CorpusError: If a class is missing.
    """
    require_every_class(labels, max(2, int(labels.max(initial=0)) + 1))
    group = _group_index(groups)
    present = np.zeros((group.max() + 1, labels.max() + 1), dtype=bool)
    present[group, labels] = True
    rarest = np.where(present, present.sum(axis=0), np.inf).argmin(axis=1)
    generator = np.random.default_rng(seed)
    drawn = np.zeros((replicates, len(present)), dtype=np.uint16)
    wanted = np.arange(replicates)
    while len(wanted):
        for label in np.unique(rarest):
            members = np.flatnonzero(rarest == label)
            for row in wanted:  # a hundred times faster than `multinomial` for tens of thousands of groups
                again = generator.integers(len(members), size=len(members))
                drawn[row, members] = np.bincount(again, minlength=len(members))
        complete = np.concatenate(
            [_holds_all(drawn[wanted[part]], present) for part in in_blocks(len(wanted), len(group))]
        )
        wanted = wanted[~complete]
    alone = np.array_equal(group, np.arange(len(group)))  # no second copy of what is large just then
    return drawn if alone else drawn[:, group]


def estimate(
    labels: NDArray[Any], probabilities: NDArray[Any], weights: NDArray[Any], *, threshold: float, bins: int
) -> dict[str, Estimate]:
    """Score predictions, once as they are and once for each resampled test set.

    Args:
        labels: (n,), 0 to K - 1.
        probabilities: (n,), of label 1, or (n, K), of each class.
        weights: (R, n) from `resample`.
        threshold: Called label 1 above this probability; only for two classes.
        bins: Number of intervals of the calibration error.

    Returns:
        An estimate for each of the scores of `scores.score`. The calibration error's replicates lie higher than
        its value, because repeated images make small samples smaller and the estimate is biased upwards there; its
        interval may even exclude the value.
    """
    values = score(labels, probabilities, threshold=threshold, bins=bins)
    replicates = weighted_scores(labels, probabilities, weights, threshold=threshold, bins=bins)
    return {name: Estimate(values[name], replicates[name]) for name in values}


def paired_difference(method: Estimate, other: Estimate, *, confidence: float) -> Difference:
    """Compare two methods whose replicates come from the same resampled test sets.

    The p-value inverts the percentile interval: it is 1 - the highest confidence at which the interval of the
    difference leaves out 0, that is, twice the smaller tail beyond 0 (ties count on both sides), at most 1. One is
    added to count and replicates, so that it is never 0 (Davison and Hinkley 1997, section 4.2; arXiv:1603.05766).

    Args:
        method: The one.
        other: Subtracted from it.
        confidence: Of the interval, such as 0.95.

    Returns:
        Difference, interval and p-value.

    Raises:
        CorpusError: If the two have different numbers of replicates.
    """
    if method.replicates.shape != other.replicates.shape:
        raise CorpusError(
            f"A paired comparison needs the same resampled test sets, but one method has {len(method.replicates)} and "
            f"the other {len(other.replicates)}. Estimate both with the same weights."
        )
    differences = method.replicates - other.replicates
    # Two computations of one score may differ in the last bits; that must not count as a side.
    differences[np.abs(differences) < 1e-12] = 0.0
    tail = min(int((differences <= 0).sum()), int((differences >= 0).sum()))
    p_value = min(1.0, 2 * (tail + 1) / (len(differences) + 1))
    return Difference(method.value - other.value, *percentile_interval(differences, confidence), p_value)


def percentile_interval(replicates: Floats, confidence: float) -> tuple[float, float]:
    """Take the central share `confidence` of the replicates, (R,)."""
    outside = (1 - confidence) / 2
    low, high = np.quantile(replicates, [outside, 1 - outside])
    return float(low), float(high)


def _holds_all(drawn: NDArray[np.uint16], present: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether each draw of groups, (R, G), holds every class of `present`, (G, K)."""
    return np.asarray(((drawn > 0).astype(np.float32) @ present.astype(np.float32) > 0).all(axis=1))


def _group_index(groups: NDArray[Any]) -> NDArray[np.intp]:
    """Number the groups from 0; each null gets a number of its own."""
    codes, names = pd.factorize(pd.Series(groups, dtype="object"))
    alone = codes < 0
    codes[alone] = len(names) + np.arange(alone.sum())
    return codes
