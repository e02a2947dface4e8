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
PAIR, SINGLE = 1.85, 1.6  # inches a case with a heat map, and without
TITLE, HEADING, WORDS, SCALE = 0.36, 0.3, 0.56, 0.36  # inches
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
    wide = (PAIR if paired else SINGLE) * columns
    strips = [_strip(row, columns) if row else None for _, row in rows]
    below = [0.0 if strip is None else wide * strip.shape[0] / strip.shape[1] + WORDS for strip in strips]
    figure = new_figure(wide, TITLE + sum(below) + HEADING * len(rows) + SCALE * paired)
    figure.set_layout_engine("none")  # the places are known, and reckoning them takes longer than drawing
    figure.suptitle(title, fontsize=13, y=1 - 0.08 / figure.get_figheight(), va="top")
    top = TITLE
    for (heading, row), strip, room in zip(rows, strips, below, strict=True):
        axes = _place(figure, top + HEADING, wide, max(room - WORDS, 0.0))
        axes.set_title(heading if row else f"{heading}: none", loc="left", fontsize=10.5, color=INK)
        if strip is not None:
            _draw_row(axes, row, strip)
        top += HEADING + room
    if paired:
        _draw_scale(_place(figure, top + SCALE / 3, wide / 3, SCALE / 3))
    return literal(figure)


def _place(figure: Figure, top: float, width: float, height: float) -> Axes:
    """Axes in the middle, so many inches from the top."""
    whole_width, whole_height = figure.get_size_inches()
    left, bottom = (1 - width / whole_width) / 2, 1 - (top + height) / whole_height
    axes = figure.add_axes((left, bottom, width / whole_width, height / whole_height))
    hide_ticks(axes)
    return axes


def _strip(row: Sequence[Case], columns: int) -> Pixels:
    """The images of a row in one, (H, W, 3), since axes for each would take ten times as long."""
    height = row[0].image.shape[0]
    strip = np.full((height, columns * _step(row[0]) - 2 * _gap(row[0]), 3), 255, dtype=np.uint8)
    for number, case in enumerate(row):
        left, width = number * _step(case), case.image.shape[1]
        strip[:, left : left + width] = case.image
        if case.heat is not None:
            second = left + width + _gap(case)
            strip[:, second : second + width] = veiled(case.image, case.heat)
    return strip


def _gap(case: Case) -> int:
    return max(1, round(GAP * int(case.image.shape[1])))


def _step(case: Case) -> int:
    """Pixels from one case to the next."""
    width, gap = int(case.image.shape[1]), _gap(case)
    return (width if case.heat is None else 2 * width + gap) + 2 * gap


def _draw_row(axes: Axes, row: Sequence[Case], strip: Pixels) -> None:
    axes.imshow(strip, aspect="auto")
    for number, case in enumerate(row):
        left = number * _step(case)
        _write(axes, case.lines, left + _step(case) / 2 - _gap(case), strip.shape[0])
        if case.heat is not None:
            _outline(axes, case.heat, left + case.image.shape[1] + _gap(case))


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
    axes.imshow(veiled(np.full((*heat.shape, 3), 128, dtype=np.uint8), heat), aspect="auto")
    for words, place, side in (
        ("no evidence for the call", -0.02, "right"),
        ("most evidence in the image", 1.02, "left"),
    ):
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
