"""One image, where the answer was found in it, and the images that are most like it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nevus.contracts import Pixels
from nevus.plots.cases import OUTLINED, veiled
from nevus.plots.style import INK, hide_ticks, literal, new_figure

LARGE, SMALL = 3.2, 1.45  # inches


def explanation(
    image: Pixels,
    heat: NDArray[Any] | None,
    near: Sequence[tuple[Pixels, str]],
    *,
    called: str,
) -> Figure:
    """Draw an image, the same in grey under its heat map, and below them the images most like it.

    Args:
        image: (H, W, 3) uint8.
        heat: (H, W) in [0, 1], brighter where there is more evidence; None where there is no heat map.
        near: (h, w, 3) uint8, and what is written below it; the nearest first.
        called: The class that the evidence is for.

    Returns:
        A figure of one or two rows.
    """
    heights = [LARGE + 0.35, *([SMALL + 0.85] if near else [])]
    figure = new_figure(max(2 * LARGE + 0.3, SMALL * len(near) + 0.2), sum(heights))
    rows = figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    panels = rows[0].subplots(1, 1 if heat is None else 2, squeeze=False)[0]
    _show(panels[0], image, "The image")
    if heat is not None:
        _show(panels[1], veiled(image, heat), f"Brighter: more evidence for {called}")
        if heat.min() < OUTLINED < heat.max():
            panels[1].contour(heat, levels=[OUTLINED], colors=["white"], linewidths=1.5)
    if near:
        rows[1].suptitle("The nearest labelled training images", x=0.01, ha="left", fontsize=11, color=INK)
        for axes, (pixels, text) in zip(rows[1].subplots(1, len(near), squeeze=False)[0], near, strict=True):
            _show(axes, pixels, "")
            axes.set_xlabel(text, fontsize=8, color=INK)
    return literal(figure)


def _show(axes: Axes, pixels: Pixels, title: str) -> None:
    axes.imshow(pixels)
    hide_ticks(axes)
    axes.set_title(title, loc="left", fontsize=11, color=INK)
