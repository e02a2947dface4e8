"""How far a change moves what the classes differ by, in units of how far they lie apart."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

RIDGE = 1e-3  # of the mean variance: features that repeat one another must not count without limit


class Movement(NamedTuple):
    """What a change does to features, along the directions in which the classes differ.

    Attributes:
        moved: Root mean square of the way of an image; 1 is the distance between two classes.
        shifted: Length of the mean way, in the same unit; what a change does to all images alike.
    """

    moved: float
    shifted: float


def movement(before: NDArray[Any], after: NDArray[Any], labels: NDArray[np.int64]) -> Movement:
    """Compare features of images before and after a change.

    As in linear discriminant analysis, features are scaled so that images of one class vary by 1 in each direction;
    only the directions count in which the means of the classes differ.

    Args:
        before: (n, F).
        after: (n, F), of the same images.
        labels: (n,), of two classes or more.
    """
    kinds, members = np.unique(labels, return_inverse=True)
    means = np.stack([before[members == number].mean(axis=0) for number in range(len(kinds))])
    within = np.atleast_2d(np.cov(before - means[members], rowvar=False))
    within += RIDGE * np.trace(within) / len(within) * np.eye(len(within))
    whiten = np.linalg.inv(np.linalg.cholesky(within)).T
    centres = (means - means.mean(axis=0)) @ whiten
    pairs = np.triu_indices(len(kinds), 1)
    apart = float(np.linalg.norm(centres[pairs[0]] - centres[pairs[1]], axis=1).mean())
    _, sizes, axes = np.linalg.svd(centres, full_matrices=False)
    ways = (after - before) @ whiten @ axes[sizes > 1e-9 * sizes[0]].T
    return Movement(
        moved=float(np.sqrt((ways**2).sum(axis=1).mean())) / apart,
        shifted=float(np.linalg.norm(ways.mean(axis=0))) / apart,
    )
