"""Which images make the batch of a step: a pure function of seed and step, so that nothing of it needs a checkpoint.

Where several processes train together, each asks for its slice of the batch that they share: the slices in the order of
the ranks are, whatever their number, the batch that one process alone would draw.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nevus.seeds import derived

Indices = NDArray[np.int64]


def balanced(
    labels: Sequence[int] | Indices, *, step: int, batch: int, seed: int, rank: int = 0, world_size: int = 1
) -> Indices:
    """A labelled batch with the same number of each class; a remainder goes to the classes in turn, step by step.

    Args:
        labels: (N,) class of every labelled image.
        step: Number of the step, from 0.
        batch: Number of images wanted by all processes together.
        seed: Of the orders.
        rank: Number of this process, from 0.
        world_size: Number of processes.

    Returns:
        Positions in `labels`, (batch,) or this process's part of it.
    """
    labels = np.asarray(labels)
    classes = np.unique(labels)
    share = -(-batch // len(classes))
    drawn = [
        cyclic(np.flatnonzero(labels == c), step=step, batch=share, seed=seed, purpose=f"labeled, class {c}")
        for c in classes
    ]
    # Column by column, starting at another class each step: whoever falls off the end is a different class each time.
    whole = np.roll(np.stack(drawn), step, axis=0).T.reshape(-1)[:batch]
    return part(whole, rank=rank, world_size=world_size)


def natural(count: int, *, step: int, batch: int, seed: int, rank: int = 0, world_size: int = 1) -> Indices:
    """A labelled batch in which classes are as frequent as among the labelled images.

    Args:
        count: Number of labelled images.
        step: Number of the step, from 0.
        batch: Number of images wanted by all processes together.
        seed: Of the orders.
        rank: Number of this process, from 0.
        world_size: Number of processes.

    Returns:
        Positions among the labelled images, (batch,) or this process's part of it.
    """
    whole = cyclic(np.arange(count), step=step, batch=batch, seed=seed, purpose="labeled")
    return part(whole, rank=rank, world_size=world_size)


def unlabeled(count: int, *, step: int, batch: int, seed: int, rank: int = 0, world_size: int = 1) -> Indices:
    """An unlabelled batch.

    Args:
        count: Number of unlabelled images.
        step: Number of the step, from 0.
        batch: Number of images wanted by all processes together.
        seed: Of the orders.
        rank: Number of this process, from 0.
        world_size: Number of processes.

    Returns:
        Positions among the unlabelled images, (batch,) or this process's part of it.
    """
    whole = cyclic(np.arange(count), step=step, batch=batch, seed=seed, purpose="unlabeled")
    return part(whole, rank=rank, world_size=world_size)


def weighted(
    shares: NDArray[np.float64], *, step: int, batch: int, seed: int, rank: int = 0, world_size: int = 1
) -> Indices:
    """An unlabelled batch in which images are as frequent as they are told to be.

    Each image comes `batch` times its share, rounded up or down by chance (systematic sampling), so that batches differ
    less than independent draws would.

    Args:
        shares: (N,) of the draws, adding up to 1.
        step: Number of the step, from 0.
        batch: Number of images wanted by all processes together.
        seed: Of the draws.
        rank: Number of this process, from 0.
        world_size: Number of processes.

    Returns:
        Positions among the unlabelled images, (batch,) or this process's part of it.
    """
    rng = np.random.default_rng(derived(seed, "weighted", "unlabeled", step))
    order = rng.permutation(len(shares))
    ends = np.cumsum(shares[order])
    points = (np.arange(batch) + rng.random()) / batch * ends[-1]
    whole = order[np.searchsorted(ends, points, side="right").clip(max=len(shares) - 1)]
    return part(whole, rank=rank, world_size=world_size)


def part(whole: Indices, *, rank: int, world_size: int) -> Indices:
    """A process's slice of a batch: neighbours stay together, so that a balanced batch has balanced slices.

    Args:
        whole: (B,) the batch of all processes.
        rank: Number of this process, from 0.
        world_size: Number of processes.

    Returns:
        About B / world_size elements; sizes differ by one at most.
    """
    return whole[len(whole) * rank // world_size : len(whole) * (rank + 1) // world_size]


def cyclic(pool: Indices, *, step: int, batch: int, seed: int, purpose: str) -> Indices:
    """The images of one step when the pool is gone through again and again, in a new order each time.

    Args:
        pool: (N,) what to draw from.
        step: Number of the step, from 0.
        batch: Number of images wanted; may exceed N.
        seed: Of the orders.
        purpose: Keeps the orders of different pools apart.

    Returns:
        (batch,) elements of the pool.
    """
    positions = np.arange(step * batch, (step + 1) * batch)
    rounds, places = positions // len(pool), positions % len(pool)
    chosen = np.empty(batch, dtype=np.int64)
    for number in np.unique(rounds):
        order = np.random.default_rng(derived(seed, "order", purpose, int(number))).permutation(pool)
        chosen[rounds == number] = order[places[rounds == number]]
    return chosen


def evenly(labels: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Positions of about so many images, of each class in its share and at least one, at even distances."""
    chosen = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        wanted = min(len(members), max(1, round(count * len(members) / len(labels))))
        chosen.append(members[np.linspace(0, len(members) - 1, wanted).astype(np.int64)])
    return np.sort(np.concatenate(chosen))
