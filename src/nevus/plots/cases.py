"""Single images with what was said of them, and where the answer was found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nevus.contracts import Pixels
from nevus.plots.style import GREY, INK, hide_ticks, literal, new_figure

COLOURS = "cividis"  # dark blue to bright yellow, the same to colour-blind readers, and growing brighter in grey
VEIL = 0.55  # how much of the colour, and so how little of the image
GREYNESS = (0.299, 0.587, 0.114)  # of red, green and blue, ITU-R BT.601
OUTLINED = 0.5  # of the most evidence in the image
GAP = 0.06  # between an image and its heat map, of its width
LONGEST = 26  # letters of a line


class Case(NamedTuple):
    """One image.

    Attributes:
        image: (H, W, 3) uint8.
        heat: (H, W) in [0, 1]; None where there is no heat map.
        lines: What is written below, the last line paler.
    """

    image: Pixels
    heat: NDArray[Any] | None
    lines: tuple[str, ...]


def cases(rows: Sequence[tuple[str, Sequence[Case]]], *, title: str, columns: int) -> Figure:
    """Draw rows of images, each beside the same image in grey under its heat map, if there is one.

    The brighter, the more evidence; a line separates what has more than half of the most evidence in the image.

    Args:
        rows: Heading and cases of each; a row without cases says so.
        title: Of the figure.
        columns: Cases that a row has room for.

    Returns:
        A figure with a row of panels for each of `rows`.
    """
    paired = any(case.heat is not None for _, row in rows for case in row)
    heights = [(1.55 if paired else 2.15) if row else 0.3 for _, row in rows] + [0.2] * paired  # inches
    figure = new_figure((1.85 if paired else 1.6) * columns, 0.5 + sum(heights))
    figure.suptitle(title, fontsize=13)
    panels = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, (heading, row) in zip(panels, rows, strict=False):
        hide_ticks(axes)
        axes.set_title(heading if row else f"{heading}: none", loc="left", fontsize=10.5, color=INK)
        if row:
            _draw_row(axes, row, columns)
    if paired:
        _draw_scale(panels[-1])
    return literal(figure)


def _draw_row(axes: Axes, row: Sequence[Case], columns: int) -> None:
    """One strip of images, since a panel for each takes ten times as long."""
    height, width, _ = row[0].image.shape
    gap = max(1, round(GAP * width))
    cell = width if row[0].heat is None else 2 * width + gap
    strip = np.full((height, columns * (cell + 2 * gap) - 2 * gap, 3), 255, dtype=np.uint8)
    for number, case in enumerate(row):
        left = number * (cell + 2 * gap)
        strip[:, left : left + width] = case.image
        _write(axes, case.lines, left + cell / 2, height)
        if case.heat is not None:
            second = left + width + gap
            strip[:, second : second + width] = veiled(case.image, case.heat)
            _outline(axes, case.heat, second)
    axes.imshow(strip)
    axes.set_anchor("NW")


def _write(axes: Axes, lines: Sequence[str], centre: float, below: float) -> None:
    *first, last = (_shortened(line) for line in lines)
    for text, points, size, colour in (("\n".join(first), 3, 8, INK), (last, 5 + 11 * len(first), 6.5, GREY)):
        axes.annotate(
            text,
            (centre, below),
            (0, -points),
            textcoords="offset points",
            fontsize=size,
            color=colour,
            ha="center",
            va="top",
            annotation_clip=False,
        )


def _outline(axes: Axes, heat: NDArray[Any], left: int) -> None:
    if heat.min() < OUTLINED < heat.max():
        across, down = np.arange(heat.shape[1]) + left, np.arange(heat.shape[0])
        axes.contour(across, down, heat, levels=[OUTLINED], colors=["white"], linewidths=1.2)


def _draw_scale(axes: Axes) -> None:
    """A bar of the colours, over a grey of middle brightness, with words at its ends."""
    heat = np.tile(np.linspace(0, 1, 256), (10, 1))
    axes.imshow(veiled(np.full((*heat.shape, 3), 128, dtype=np.uint8), heat))
    hide_ticks(axes)
    for words, place, side in (("no evidence for the call ", 0, "right"), (" most evidence in the image", 1, "left")):
        axes.text(place, 0.5, words, transform=axes.transAxes, fontsize=9, color=INK, ha=side, va="center")


def veiled(image: Pixels, heat: NDArray[Any]) -> Pixels:
    """The image in grey under the colours of its heat map.

    Args:
        image: (H, W, 3) uint8.
        heat: (H, W) in [0, 1].

    Returns:
        (H, W, 3) uint8.
    """
    grey = (image @ np.array(GREYNESS))[..., None]
    colours = 255 * colormaps[COLOURS](heat.astype(np.float64))[..., :3]
    mixed: Pixels = np.rint((1 - VEIL) * grey + VEIL * colours).astype(np.uint8)
    return mixed


def _shortened(line: str) -> str:
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 9]}…{line[-8:]}"
