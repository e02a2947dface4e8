"""All pairs of thumbnails that are alike in some symmetry of the square, without comparing all of them in full."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nevus.corpus.thumbnails import SIDE, SYMMETRIES, Floats, correlate, turn

VALUES = SIDE * SIDE * 3
KEPT = 96  # values of 768 that are compared first
LEARNT_FROM = 4096  # images, at most, that say which
SLACK = 1e-4  # rounding of float32 products
DENSE = 0.02  # from this share of open pairs on, one product of all is faster than many of some
AT_ONCE = 4096  # pairs looked up one by one


class Pairs(NamedTuple):
    """Pairs of images, each once.

    Attributes:
        first: (P,) positions.
        second: (P,) positions, larger than the first's.
        correlation: (P,) the highest over the symmetries.
        symmetry: (P,) the one that, applied to the second, gives it.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    correlation: NDArray[np.float64]
    symmetry: NDArray[np.int64]

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "Pairs":
        """Some of the pairs."""
        return Pairs(self.first[chosen], self.second[chosen], self.correlation[chosen], self.symmetry[chosen])


def similar_pairs(thumbnails: Floats, *, least: float, block: int, max_pairs: int) -> tuple[Pairs, bool]:
    """Find all pairs that correlate at least so.

    Most are ruled out by few numbers. Thumbnails have unit length, so with any projection P that keeps lengths the
    product of a and b is at most Pa.Pb + |rest of a| |rest of b|. P are the main axes of the thumbnails; which axes
    they are changes the time, never the result.

    Args:
        thumbnails: (N, 16, 16, 3), of unit length or 0.
        least: Correlation, above 0.
        block: Thumbnails compared at a time with as many others.
        max_pairs: Pairs to keep, the most alike first.

    Returns:
        Pairs by falling correlation, and whether there were more than could be kept.
    """
    axes = _main_axes(thumbnails)
    short = _shorten(thumbnails, axes)
    found, more = _none(), False
    for start in range(0, len(thumbnails), block):
        columns = slice(start, start + block)
        turned = [np.ascontiguousarray(turn(thumbnails[columns], symmetry)) for symmetry in range(SYMMETRIES)]
        turned_short = [_shorten(images, axes) for images in turned]
        for rows in _slices(start + block, block):
            here = [
                _compare(thumbnails[rows], short[rows], images, shorter, least, start - rows.start)
                for images, shorter in zip(turned, turned_short, strict=True)
            ]
            found, dropped = _merge(found, _best(here, rows.start, start), max_pairs)
            more = more or dropped
    return found, more


def _slices(stop: int, block: int) -> Iterator[slice]:
    return (slice(start, start + block) for start in range(0, stop, block))


def _main_axes(thumbnails: Floats) -> Floats:
    """(768, 96) orthonormal."""
    step = max(1, -(-len(thumbnails) // LEARNT_FROM))
    some = thumbnails[::step]
    covariance = np.zeros((VALUES, VALUES))
    for symmetry in range(SYMMETRIES):
        flat = np.ascontiguousarray(turn(some, symmetry)).reshape(-1, VALUES)
        covariance += flat.T @ flat
    return np.ascontiguousarray(np.linalg.eigh(covariance)[1][:, -KEPT:].astype(np.float32))


def _shorten(thumbnails: Floats, axes: Floats) -> Floats:
    """(n, 97): what lies along the axes, and the length of the rest."""
    flat = thumbnails.reshape(-1, VALUES)
    along = flat @ axes
    rest = (flat**2).sum(axis=1) - (along**2).sum(axis=1)
    return np.column_stack([along, np.sqrt(rest.clip(0))])


def _compare(
    first: Floats, first_short: Floats, second: Floats, second_short: Floats, least: float, offset: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Rows, columns and correlations of alike pairs; `offset` says how far the second lie behind the first."""
    open_pairs = first_short @ second_short.T > least - SLACK
    if offset < len(first):
        open_pairs &= np.arange(len(second)) + offset > np.arange(len(first))[:, None]  # each pair once
    if np.count_nonzero(open_pairs) > DENSE * open_pairs.size:
        open_pairs &= first.reshape(-1, VALUES) @ second.reshape(-1, VALUES).T > least - SLACK
    row, column = (where.astype(np.int64) for where in np.nonzero(open_pairs))
    exact = np.empty(len(row))
    for part in _slices(len(row), AT_ONCE):
        exact[part] = correlate(first[row[part]], second[column[part]])
    alike = exact >= least
    return row[alike], column[alike], exact[alike]


def _none() -> Pairs:
    return Pairs(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64))


def _best(
    found: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]], row: int, column: int
) -> Pairs:
    """Each pair in its best symmetry; of equally good ones, the first."""
    symmetry = np.repeat(np.arange(len(found)), [len(rows) for rows, _, _ in found])
    first, second, correlation = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((symmetry, -correlation, second, first))
    pairs = Pairs(first + row, second + column, correlation, symmetry).take(order)
    new = (np.diff(pairs.first, prepend=-1) != 0) | (np.diff(pairs.second, prepend=-1) != 0)
    return pairs.take(new)


def _merge(known: Pairs, found: Pairs, limit: int) -> tuple[Pairs, bool]:
    """Both by falling correlation, up to the limit, and whether it was reached."""
    both = Pairs(*(np.concatenate(parts) for parts in zip(known, found, strict=True)))
    order = np.lexsort((both.second, both.first, -both.correlation))
    return both.take(order[:limit]), len(order) > limit
