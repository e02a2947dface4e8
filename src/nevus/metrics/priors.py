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


def estimate_by_confusion(
    labels: NDArray[np.int64], held_out: NDArray[np.float64], probabilities: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Estimate the shares of the classes from a classifier's mistakes (arXiv:1802.03916, section 3).

    Any classifier will do that tells the classes apart at all.

    Args:
        labels: (M,) of images that did not train it.
        held_out: (M, K), what it says of these.
        probabilities: (N, K), what it says of the images without labels.

    Returns:
        (K,) shares adding up to 1; the least-squares solution without negative ones.

    Raises:
        ValueError: A class has no held-out image.
    """
    from scipy.optimize import nnls

    classes = held_out.shape[1]
    missing = sorted(set(range(classes)) - set(labels.tolist()))
    if missing:
        raise ValueError(f"class {missing[0]} has no held-out image, so nobody knows what it is taken for")
    taken_for = np.stack([held_out[labels == k].mean(axis=0) for k in range(classes)], axis=1)
    shares, _ = nnls(taken_for, probabilities.mean(axis=0))
    found: NDArray[np.float64] = shares / shares.sum()
    return found
