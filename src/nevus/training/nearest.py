"""Which images are like another one, in the features of a network."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCK = 512  # images compared at a time with all others


class Nearest(NamedTuple):
    """The images nearest to one.

    Attributes:
        rows: (k,) int64, their positions, the nearest first.
        distances: (k,) float32, cosine distances: 0 for the same direction, 1 for a right angle, at most 2.
        typical: Median over all images of the distance to their own nearest; NaN where there are fewer than two.
    """

    rows: NDArray[np.int64]
    distances: NDArray[np.float32]
    typical: float


def nearest(features: list[NDArray[np.float32]], queries: list[NDArray[np.float32]], *, count: int) -> Nearest:
    """Find the images whose features point the same way as those of another one.

    Args:
        features: (N, F) of each network; the mean of the distances over the networks counts.
        queries: (F,) of each network, of the other image.
        count: How many are wanted; fewer where N is less.
    """
    known = [_unit(one) for one in features]
    asked = [_unit(one[None])[0] for one in queries]
    distances = np.mean([1 - one @ query for one, query in zip(known, asked, strict=True)], axis=0)
    rows = np.argsort(distances, kind="stable")[:count]
    return Nearest(rows.astype(np.int64), distances[rows].astype(np.float32), _typical(known))


def _typical(known: list[NDArray[np.float32]]) -> float:
    number = len(known[0])
    if number < 2:
        return float("nan")
    own = []
    for start in range(0, number, BLOCK):
        block = np.mean([1 - one[start : start + BLOCK] @ one.T for one in known], axis=0)
        here = np.arange(len(block))
        block[here, start + here] = np.inf
        own.append(block.min(axis=1))
    return float(np.median(np.concatenate(own)))


def _unit(features: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.linalg.norm(features, axis=1, keepdims=True)
    found: NDArray[np.float32] = features / np.maximum(length, np.finfo(np.float32).tiny)
    return found
