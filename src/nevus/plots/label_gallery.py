"""Labelled images whose label is doubted, each with what it is called and what it looks like."""

from __future__ import annotations

from matplotlib.figure import Figure

from nevus.contracts import Pixels, Table
from nevus.plots.style import VERMILION, hide_ticks, literal, new_figure

COLUMNS = 6


def label_gallery(pixels: Pixels, rows: Table, *, title: str) -> Figure:
    """Draw images in the order of the rows, the most doubtful first.

    Args:
        pixels: (n, H, W, 3) uint8, n from 1.
        rows: n rows with `image_id`, `given`, `likeliest`, `quality` (probability of the given label) and `suspected`.
        title: Of the figure.
    """
    down = -(-len(rows) // COLUMNS)
    figure = new_figure(1.9 * COLUMNS, 0.7 + 2.5 * down)
    figure.suptitle(title, fontsize=12, x=0.01, ha="left")
    panels = figure.subplots(down, COLUMNS, squeeze=False).ravel()
    for axes in panels[len(rows) :]:
        axes.set_visible(False)
    for axes, image, row in zip(panels, pixels, rows.to_dict("records"), strict=False):
        axes.imshow(image, interpolation="nearest")
        name = row["image_id"] if len(row["image_id"]) <= 18 else f"{row['image_id'][:17]}\N{HORIZONTAL ELLIPSIS}"
        axes.set_title(
            f"{name}\nlabel: {row['given']} ({row['quality']:.0%})\nlooks like {row['likeliest']}", fontsize=8
        )
        hide_ticks(axes)
        if row["suspected"]:
            axes.spines[:].set(visible=True, color=VERMILION, linewidth=3)
    return literal(figure)
