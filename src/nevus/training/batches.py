"""Which images make the batch of a step: a pure function of seed and step, so that nothing of it needs a checkpoint."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nevus.contracts import Pixels

Indices = NDArray[np.int64]


def cyclic(pool: Indices, *, step: int, batch: int, seed: int) -> Indices:
    """The images of one step when the pool is gone through again and again, in a new order each time.

    Args:
        pool: (N,) what to draw from.
        step: Number of the step, from 0.
        batch: Number of images wanted; may exceed N.
        seed: Of the orders.

    Returns:
        (batch,) elements of the pool.
    """
    positions = np.arange(step * batch, (step + 1) * batch)
    rounds, places = positions // len(pool), positions % len(pool)
    chosen = np.empty(batch, dtype=np.int64)
    for number in np.unique(rounds):
        order = np.random.default_rng([seed, int(number)]).permutation(pool)
        chosen[rounds == number] = order[places[rounds == number]]
    return chosen


def balanced(labels: Sequence[int] | Indices, *, step: int, batch: int, seed: int) -> Indices:
    """A labelled batch with the same number of each class; a remainder goes to the classes in turn, step by step.

    Args:
        labels: (N,) class of every labelled image.
        step: Number of the step, from 0.
        batch: Number of images wanted.
        seed: Of the orders.

    Returns:
        (batch,) positions in `labels`.
    """
    labels = np.asarray(labels)
    classes = np.unique(labels)
    share = -(-batch // len(classes))
    drawn = [cyclic(np.flatnonzero(labels == c), step=step, batch=share, seed=seed + 7919 * int(c)) for c in classes]
    # Column by column, starting at another class each step: whoever falls off the end is a different class each time.
    return np.roll(np.stack(drawn), step, axis=0).T.reshape(-1)[:batch]


def to_images(pixels: Pixels, device: torch.device | None = None) -> Tensor:
    """(N, H, W, 3) uint8 to (N, 3, H, W) float32 in [-1, 1], channels last in memory."""
    copied = torch.from_numpy(np.array(pixels))  # memory-mapped pixels are read-only, which PyTorch does not know of
    images = copied.to(device).permute(0, 3, 1, 2)
    return images.to(torch.float32).div_(127.5).sub_(1)


def to_pixels(images: Tensor) -> Pixels:
    """The way back: (N, 3, H, W) in [-1, 1] to (N, H, W, 3) uint8, rounded."""
    scaled = images.detach().float().clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8)
    pixels: Pixels = scaled.permute(0, 2, 3, 1).cpu().numpy()
    return pixels
