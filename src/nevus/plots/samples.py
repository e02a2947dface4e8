"""Real images beside generated ones."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.figure import Figure

from nevus.contracts import Pixels
from nevus.plots.style import hide_ticks, new_figure

_GAP = 2  # pixels between images


def samples(real: Pixels, generated: Pixels, *, name: str) -> Figure:
    """Draw a square of real training images beside a square of generated ones of the same number.

    Args:
        real: (n, H, W, 3) uint8.
        generated: (m, h, w, 3) uint8. The smaller of n and m, down to a square number, is shown of each.
        name: Of the run, for the title.

    Returns:
        A figure of two panels, each saying what it shows.
    """
    side = max(1, math.isqrt(min(len(real), len(generated))))
    figure = new_figure(11, 5.9)
    figure.suptitle(f"Training images and what {name} generates, none of them picked by hand", fontsize=13)
    panels = (("real", real), ("generated", generated))
    for axes, (title, images) in zip(figure.subplots(1, 2), panels, strict=True):
        axes.imshow(mosaic(images[: side * side], columns=side), interpolation="nearest")
        axes.set_title(f"{title}: {side * side} images of {images.shape[2]} x {images.shape[1]} pixels", fontsize=12)
        hide_ticks(axes)
    return figure


def mosaic(images: Pixels, *, columns: int) -> Pixels:
    """Lay images out in rows, with a white gap between them.

    Args:
        images: (n, H, W, 3) uint8.
        columns: Images a row; the last row is filled up with white.

    Returns:
        (rows * (H + gap) - gap, columns * (W + gap) - gap, 3) uint8.
    """
    count, height, width, _ = images.shape
    rows = -(-count // columns)
    sheet = np.full((rows * columns, height + _GAP, width + _GAP, 3), 255, dtype=np.uint8)
    sheet[:count, :height, :width] = images
    joined = sheet.reshape(rows, columns, height + _GAP, width + _GAP, 3).swapaxes(1, 2)
    whole = joined.reshape(rows * (height + _GAP), columns * (width + _GAP), 3)
    return whole[:-_GAP, :-_GAP]
