"""Nearest neighbours among features; scikit-learn's search keeps no matrix of all distances."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Nearest(NamedTuple):
    """The training image nearest to each of some images, whichever way these are turned.

    Attributes:
        distance: (n,) of the features.
        position: (n,) int64, among the training images.
        view: (n,) int64, which view of the image is that near.
    """

    distance: NDArray[Any]
    position: NDArray[np.int64]
    view: NDArray[np.int64]


def radii(features: NDArray[Any], neighbours: int) -> NDArray[Any]:
    """Distance of each image to the k-th nearest of the others.

    Args:
        features: (n, F), n > k.
        neighbours: k.

    Returns:
        (n,).
    """
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=neighbours, algorithm="brute").fit(features)
    distances: NDArray[Any] = search.kneighbors()[0][:, -1]  # without X, nobody is a neighbour of itself
    return distances


def nearest_of_views(views: Iterable[NDArray[Any]], pool: NDArray[Any]) -> Nearest:
    """Find the nearest image of a pool to each image, over all views of the image.

    Args:
        views: Some images at a time, (n, V, F): features of V views of each, such as the eight symmetries of the
            square. Only one of these arrays is held.
        pool: (N, F).
    """
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(pool)
    distances, positions, chosen = [], [], []
    for some in views:
        count, number, length = some.shape
        found = [one.reshape(count, number) for one in search.kneighbors(some.reshape(count * number, length))]
        best, rows = found[0].argmin(axis=1), np.arange(count)
        distances.append(found[0][rows, best])
        positions.append(found[1][rows, best].astype(np.int64))
        chosen.append(best.astype(np.int64))
    if not distances:
        return Nearest(np.empty(0), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    return Nearest(np.concatenate(distances), np.concatenate(positions), np.concatenate(chosen))
