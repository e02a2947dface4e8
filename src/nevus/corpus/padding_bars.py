"""Where the picture lies within a packed image: a padded one has black bars beside it."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nevus.contracts import Pixels, Table
from nevus.corpus.resize import Policy, target
from nevus.pixels import crop

Indices = NDArray[np.int64]


def picture_boxes(manifest: Table, side: int, resize: Policy) -> Indices:
    """Say which part of each packed image is the picture.

    Args:
        manifest: Rows with `width` and `height` (pixels of the original), which only `pad` needs.
        side: Of the packed images, in pixels.
        resize: How they were brought to a square.

    Returns:
        (N, 4): top, bottom, left, right in pixels; bottom and right lie just behind the picture.
    """
    if resize != "pad":
        return np.tile(np.array([0, side, 0, side]), (len(manifest), 1))
    sizes = zip(manifest["width"], manifest["height"], strict=True)
    taken = [target(width, height, side, resize) for width, height in sizes]
    wide, high = np.array(taken, dtype=np.int64).reshape(-1, 2).T
    left, top = (side - wide) // 2, (side - high) // 2
    return np.column_stack([top, top + high, left, left + wide])


def of_pictures(
    function: Callable[[Pixels, Indices], NDArray[Any]], pixels: Pixels, rows: Indices, boxes: Indices
) -> NDArray[Any]:
    """Apply a function to images less their bars, those of one shape together.

    Args:
        function: Of (N, h, w, 3) uint8 and (m,) positions among them; returns (m, ...).
        pixels: (N, H, W, 3) uint8; never copied as a whole, so it may be memory-mapped.
        rows: (n,) positions of those wanted.
        boxes: (n, 4) from `picture_boxes`.

    Returns:
        (n, ...).
    """
    shapes, number = np.unique(boxes, axis=0, return_inverse=True)
    if not len(shapes):
        return function(pixels, rows)
    order = np.argsort(number.ravel(), kind="stable")
    together = np.split(rows[order], np.bincount(number.ravel()).cumsum()[:-1])
    parts = [
        function(crop(pixels, slice(top, bottom), slice(left, right)), some)
        for (top, bottom, left, right), some in zip(shapes, together, strict=True)
    ]
    return np.concatenate(parts)[np.argsort(order)]
