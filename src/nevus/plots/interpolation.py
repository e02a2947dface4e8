"""Ways through the latent space, from one image to another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from nevus.contracts import Pixels, TrainingError
from nevus.plots.samples import mosaic
from nevus.plots.style import hide_ticks, literal, new_figure

_INCHES = 0.85  # of an image


def interpolation(images: Pixels, *, ends: Sequence[tuple[str, str]] | None, title: str) -> Figure:
    """Draw one row a way; its first and last image are the two ends.

    Args:
        images: (R, S, H, W, 3) uint8: R ways of S images, S at least 2.
        ends: What is at the left and at the right of each row, such as two classes; None where it has no name.
        title: Of the figure.

    Raises:
        TrainingError: A way has fewer than two images, or ends are given for another number of ways.
    """
    rows, steps, height, width, _ = images.shape
    if rows < 1 or steps < 2 or (ends is not None and len(ends) != rows):
        raise TrainingError(
            f"an interpolation is drawn as rows of two images or more, with ends for each, but there are {rows} rows "
            f"of {steps} images and ends of {'none' if ends is None else len(ends)}."
        )
    figure = new_figure(max(6.0, _INCHES * steps + (2.4 if ends else 0.3)), 0.7 + _INCHES * rows * height / width)
    figure.suptitle(title, x=0.01, ha="left", fontsize=13)
    axes = figure.subplots()
    axes.imshow(mosaic(np.concatenate(list(images)), columns=steps), interpolation="nearest")
    hide_ticks(axes)
    if ends:
        middles = [row * (height + 2) + height / 2 for row in range(rows)]
        axes.set_yticks(middles, [left for left, _ in ends], fontsize=10)
        other = axes.secondary_yaxis("right")
        other.set_yticks(middles, [right for _, right in ends], fontsize=10)
        for side in (axes.yaxis, other.yaxis):
            side.set_tick_params(length=0)
        other.spines[:].set_visible(False)
    return literal(figure)
