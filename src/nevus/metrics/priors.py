"""How frequent the classes are among images without labels, and what that changes in probabilities."""

import numpy as np
from numpy.typing import NDArray

STEPS, CHANGE = 1000, 1e-8


def correct(
    probabilities: NDArray[np.float64], before: NDArray[np.float64], after: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Turn probabilities under one prior into those under another (Saerens et al., Neural Computation, 2002, eq. 2.4).

    Args:
        probabilities: (N, K), of a classifier trained where the classes are as frequent as `before`.
        before: (K,) shares of the classes where it was trained; equal ones where batches were balanced.
        after: (K,) shares of the classes where it is used.

    Returns:
        (N, K), rows adding up to 1.
    """
    odds = probabilities * (after / before)
    found: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
    return found


def threshold_before(thresholds: NDArray[np.float64], before: float, after: float) -> NDArray[np.float64]:
    """Which threshold on the probabilities of two classes as they are calls the same images as one on corrected ones.

    Args:
        thresholds: (G,) on probabilities of label 1 after `correct`, from 0 to 1.
        before: Share of label 1 where the classifier was trained, above 0 and below 1.
        after: Share where it is used, likewise.

    Returns:
        (G,).
    """
    scale = (before / after) * (1 - after) / (1 - before)
    found: NDArray[np.float64] = thresholds * scale / (thresholds * scale + 1 - thresholds)
    return found


def estimate_by_em(probabilities: NDArray[np.float64], before: NDArray[np.float64]) -> NDArray[np.float64]:
    """Estimate the shares of the classes by maximum likelihood (Saerens et al. 2002, section 2.2).

    It is as good as the probabilities are: those of an overconfident classifier give a wrong answer.

    Args:
        probabilities: (N, K), of a classifier on the images.
        before: (K,) shares of the classes where it was trained.

    Returns:
        (K,) shares adding up to 1.
    """
    shares: NDArray[np.float64] = before.astype(np.float64)
    for _ in range(STEPS):
        last, shares = shares, correct(probabilities, before, shares).mean(axis=0)
        if np.abs(shares - last).max() < CHANGE:
            break
    return shares
