"""Scores of one set of predictions, under many sets of image weights at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nevus.metrics.calibration import adaptive_bins, bin_index
from nevus.metrics.classification import (
    called,
    claims,
    class_count,
    log_losses,
    one_against_rest,
    squared_errors,
)
from nevus.metrics.ranking import cumulative, ranking_scores

Floats: TypeAlias = NDArray[np.float64]

_BLOCK = 4_000_000  # floats held at once (32 MB), so that a large test set does not fill the memory
_RANKING = 12  # arrays of the weights' size that ranking holds at once


def weighted_scores(
    labels: NDArray[Any], probabilities: NDArray[Any], weights: NDArray[Any], *, threshold: float, bins: int
) -> dict[str, Floats]:
    """Score the same predictions under R sets of weights, without a loop over R.

    Args:
        labels: (n,), 0 to K - 1.
        probabilities: (n,), of label 1, or (n, K), of each class; in [0, 1].
        weights: (R, n), not negative; each row gives weight to every class.
        threshold: Called label 1 above this probability; only for two classes.
        bins: Number of intervals of the calibration errors. Those of the adaptive one are laid on the images as they
            are, each counted once, and stay where they are under all weights.

    Returns:
        The keys of `scores.score`, each (R,); equal to scikit-learn's results with `sample_weight`.
    """
    classes = class_count(probabilities)
    sums = _summed(weights, _terms(labels, probabilities, threshold, bins))
    ranked = [ranked_scores(true, claimed, weights) for true, claimed in one_against_rest(labels, probabilities)]
    means = {name: np.mean([scores[name] for scores in ranked], axis=0) for name in ranked[0]}
    return means | _sums(sums, classes, bins)


def ranked_scores(labels: NDArray[Any], probabilities: NDArray[Any], weights: NDArray[Any]) -> dict[str, Floats]:
    """The scores of `ranking.ranking_scores` for one question with two answers.

    Args:
        labels: (n,), 0 or 1.
        probabilities: (n,), of label 1.
        weights: (R, n), as in `weighted_scores`.

    Returns:
        Each (R,).
    """
    parts = in_blocks(*weights.shape, arrays=_RANKING)
    blocks = [ranking_scores(*cumulative(labels, probabilities, weights[part].astype(np.float64))) for part in parts]
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def class_scores(labels: NDArray[Any], probabilities: NDArray[Any], weights: NDArray[Any]) -> list[dict[str, Floats]]:
    """Score each of more than two classes against the rest; the likeliest class is called.

    Args:
        labels: (n,), 0 to K - 1.
        probabilities: (n, K).
        weights: (R, n), as in `weighted_scores`.

    Returns:
        For each class the scores of ranking, `sensitivity`, `specificity` and `f1`, each (R,).
    """
    numbers, decided = np.arange(class_count(probabilities)), called(probabilities, 0.5)
    members, calls = labels[:, None] == numbers, decided[:, None] == numbers
    sums = np.split(_summed(weights, np.hstack([members, calls, members & calls]).astype(np.float64)), 3, axis=1)
    total = sums[0].sum(axis=1)
    found = []
    for number, (true, claimed) in enumerate(one_against_rest(labels, probabilities)):
        images, so_called, hits = (counts[:, number] for counts in sums)
        decisions = {
            "sensitivity": hits / images,
            "specificity": 1 - (so_called - hits) / (total - images),
            "f1": 2 * hits / (images + so_called),
        }
        found.append(ranked_scores(true, claimed, weights) | decisions)
    return found


def in_blocks(replicates: int, images: int, *, arrays: int = 1) -> Iterator[slice]:
    """Cut R replicates of n images into parts that can be held as floats.

    Args:
        replicates: R.
        images: n.
        arrays: Arrays of the size of a part that are held at once.

    Yields:
        Consecutive slices of the replicates.
    """
    rows = max(1, _BLOCK // (arrays * max(1, images)))
    for start in range(0, replicates, rows):
        yield slice(start, start + rows)


def _summed(weights: NDArray[Any], terms: Floats) -> Floats:
    """Weights (R, n) times terms (n, T), without all weights as floats at once."""
    return np.concatenate([weights[part].astype(np.float64) @ terms for part in in_blocks(*weights.shape)])


def _terms(labels: NDArray[Any], probabilities: NDArray[Any], threshold: float, bins: int) -> Floats:
    """Lay out what each image adds to the sums whose ratios are the scores without ranking.

    Returns:
        (n, 3K + 2 + bins + Q x bins) for the Q questions of `one_against_rest`.
    """
    numbers, decided = np.arange(class_count(probabilities)), called(probabilities, threshold)
    members, calls = labels[:, None] == numbers, decided[:, None] == numbers
    columns = [
        members,
        calls,
        members & calls,
        squared_errors(labels, probabilities),
        log_losses(labels, probabilities),
    ]
    true, claimed = claims(labels, probabilities)
    columns.append(_gaps(true, claimed, bin_index(claimed, bins), bins))
    columns += [_gaps(of, p, adaptive_bins(p, bins), bins) for of, p in one_against_rest(labels, probabilities)]
    return np.column_stack(columns).astype(np.float64)


def _gaps(true: NDArray[Any], claimed: NDArray[Any], index: NDArray[np.intp], bins: int) -> Floats:
    """Observed minus predicted of each image, in the column of its bin, (n, bins)."""
    return np.asarray((index[:, None] == np.arange(bins)) * (true - claimed)[:, None], dtype=np.float64)


def _sums(sums: Floats, classes: int, bins: int) -> dict[str, Floats]:
    ends = np.cumsum([classes, classes, classes, 1, 1, bins])
    members, calls, hits, squared, logs, gaps, adaptive = np.split(sums, ends, axis=1)
    total = members.sum(axis=1)
    return _decisions(members, calls, hits) | {
        "brier": squared[:, 0] / total,
        "log_loss": logs[:, 0] / total,
        "calibration_error": np.abs(gaps).sum(axis=1) / total,
        "adaptive_calibration_error": np.abs(adaptive).sum(axis=1) / (total * (adaptive.shape[1] // bins)),
    }


def _decisions(members: Floats, calls: Floats, hits: Floats) -> dict[str, Floats]:
    """Scores of decisions from the counts of each class, (R, K): images, images called so, and rightly so."""
    total, recalls = members.sum(axis=1), hits / members
    covariance = hits.sum(axis=1) * total - (members * calls).sum(axis=1)
    variances = (total**2 - (calls**2).sum(axis=1)) * (total**2 - (members**2).sum(axis=1))
    scores = {
        "accuracy": hits.sum(axis=1) / total,
        "balanced_accuracy": recalls.mean(axis=1),
    }
    f1 = 2 * hits / (members + calls)
    two = members.shape[1] == 2
    if two:
        scores |= {"sensitivity": recalls[:, 1], "specificity": recalls[:, 0]}
    scores["f1"] = f1[:, 1] if two else f1.mean(axis=1)
    # Where one class is called throughout the quotient does not exist; 0, as scikit-learn has it.
    safe = np.where(variances > 0, variances, 1.0)
    scores["mcc"] = np.where(variances > 0, covariance / np.sqrt(safe), 0.0)
    return scores
