"""Labelled images of each class side by side, to see what the labels mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nevus.contracts import CLASSES, CorpusError, Pixels
from nevus.plots.samples import mosaic
from nevus.plots.style import hide_ticks, literal, new_figure

PANELS_A_ROW = 4


def contact_sheet(
    pixels: Pixels,
    labels: NDArray[Any],
    *,
    classes: Sequence[str] = CLASSES,
    columns: int = 10,
    rows: int = 6,
    title: str = "Labelled training images by class",
) -> Figure:
    """Draw one panel of labelled images for each class; of many images, some at even distances.

    Args:
        pixels: (n, H, W, 3) uint8.
        labels: (n,), positions in `classes`; a class without images gets no panel.
        classes: Names of the classes.
        columns: Images a row.
        rows: Rows at most.
        title: Of the figure.

    Returns:
        A figure of one panel a class, at most four in a row.

    Raises:
        CorpusError: If there is no image.
    """
    shown = [number for number in range(len(classes)) if (labels == number).any()]
    if not shown:
        raise CorpusError(
            "A contact sheet needs labelled images, but the corpus has none. Look at the split in the ingestion "
            "parameters."
        )
    across = min(len(shown), PANELS_A_ROW)
    down = -(-len(shown) // across)
    figure = new_figure(5.5 * across, 0.5 + (0.4 + 5.4 * rows / columns) * down)
    figure.suptitle(title, fontsize=13)
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for axes in panels[len(shown) :]:
        axes.set_visible(False)
    for axes, number in zip(panels, shown, strict=False):
        members = np.flatnonzero(labels == number)
        chosen = members[np.linspace(0, len(members) - 1, min(len(members), rows * columns)).astype(np.intp)]
        axes.imshow(mosaic(pixels[chosen], columns=columns), interpolation="nearest")
        axes.set_title(f"{classes[number]}: {len(chosen)} of {len(members)} images", fontsize=12)
        axes.set_anchor("N")
        hide_ticks(axes)
    return literal(figure)
