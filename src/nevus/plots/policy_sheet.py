"""What a policy makes of images: the original in the first column, draws beside it."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from nevus.contracts import Pixels
from nevus.plots.samples import mosaic
from nevus.plots.style import hide_ticks, literal, new_figure

INCHES = 0.95  # of an image on the sheet


def policy_sheet(originals: Pixels, views: Pixels, *, name: str, operations: str) -> Figure:
    """Draw one row an image.

    Args:
        originals: (n, H, W, 3) uint8.
        views: (n, v, H, W, 3) uint8, draws of each.
        name: Of the policy.
        operations: Their names, for the caption.
    """
    rows, columns = views.shape[:2]
    figure = new_figure(INCHES * (columns + 1.2), INCHES * rows + 0.9)
    figure.suptitle(f"{name}: {operations}", fontsize=11, wrap=True)
    first = mosaic(originals, columns=1)
    apart = np.full((len(first), originals.shape[2] // 4, 3), 255, dtype=np.uint8)
    axes = figure.subplots()
    axes.imshow(
        np.concatenate([first, apart, mosaic(np.concatenate(list(views)), columns=columns)], axis=1),
        interpolation="nearest",
    )
    axes.set_title(f"First column: as it is. Beside it: {columns} draws.", fontsize=10, loc="left")
    hide_ticks(axes)
    return literal(figure)
