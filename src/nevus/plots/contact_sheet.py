"""Labelled images of each class side by side, to see what the labels mean."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nevus.contracts import CLASSES, CorpusError, Pixels
from nevus.plots.samples import mosaic
from nevus.plots.style import hide_ticks, new_figure


def contact_sheet(pixels: Pixels, labels: NDArray[Any], *, columns: int = 10, rows: int = 6) -> Figure:
    """Draw one panel of labelled images for each class; of many images, some at even distances.

    Args:
        pixels: (n, H, W, 3) uint8.
        labels: (n,), positions in `CLASSES`; a class without images gets no panel.
        columns: Images a row.
        rows: Rows at most.

    Returns:
        A figure of one panel a class, side by side.

    Raises:
        CorpusError: If there is no image.
    """
    classes = [number for number in range(len(CLASSES)) if (labels == number).any()]
    if not classes:
        raise CorpusError(
            "A contact sheet needs labelled images, but the corpus has none. Look at the split in the ingestion "
            "parameters."
        )
    figure = new_figure(5.5 * len(classes), 0.9 + 5.4 * rows / columns)
    figure.suptitle("Labelled training images by class", fontsize=13)
    panels = figure.subplots(1, len(classes), squeeze=False)[0]
    for axes, number in zip(panels, classes, strict=True):
        members = np.flatnonzero(labels == number)
        shown = members[np.linspace(0, len(members) - 1, min(len(members), rows * columns)).astype(np.intp)]
        axes.imshow(mosaic(pixels[shown], columns=columns), interpolation="nearest")
        axes.set_title(f"{CLASSES[number]}: {len(shown)} of {len(members)} images", fontsize=12)
        axes.set_anchor("N")
        hide_ticks(axes)
    return figure
