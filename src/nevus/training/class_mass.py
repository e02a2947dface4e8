"""How often each image is to be drawn so that soft labels of the classes are as frequent as wanted."""

import numpy as np
from numpy.typing import NDArray

WORTH = 20.0  # nats of entropy that all of the mass of a class is worth: below a bound by 0.05 costs as much as 1 nat


def shares_for(
    soft_labels: NDArray[np.float64], lowest: NDArray[np.float64], highest: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The shares of the draws that bring the mean soft label within bounds, and are otherwise as equal as they can be.

    Of all such shares they have the largest entropy: each is proportional to exp(lambda . p) of the image's soft label
    p, with one lambda a class that is 0 where its bounds hold by themselves (maximum entropy; the dual is minimised).
    Where soft labels hardly differ, a bound is not kept at the price of drawing a few images alone: `WORTH` is the
    largest lambda.

    Args:
        soft_labels: (N, K), rows adding up to 1.
        lowest: (K,) least mean of each class; 0 where anything goes.
        highest: (K,) largest mean of each class; 1 where anything goes.

    Returns:
        (N,) adding up to 1.
    """
    from scipy.optimize import minimize
    from scipy.special import softmax

    classes = soft_labels.shape[1]

    def dual(pulls: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        up, down = pulls[:classes], pulls[classes:]
        logits = soft_labels @ (up - down)
        top = logits.max()
        value = top + np.log(np.exp(logits - top).mean()) - up @ lowest + down @ highest
        mean = softmax(logits) @ soft_labels
        return float(value), np.concatenate([mean - lowest, highest - mean])

    bounds = [(0.0, WORTH)] * (2 * classes)
    found = minimize(dual, np.zeros(2 * classes), jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-14})
    shares: NDArray[np.float64] = softmax(soft_labels @ (found.x[:classes] - found.x[classes:]))
    return shares


def effective_number(shares: NDArray[np.float64]) -> float:
    """How many images, drawn alike, would vary as little: 1 / sum of squares (Kish 1965)."""
    return float(1 / np.square(shares).sum())
