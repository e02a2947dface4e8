"""The audit to look at: images of each split and class, the strangest ones, and pairs that are one image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure, SubFigure

from nevus.contracts import CorpusError, Pixels
from nevus.plots.samples import mosaic
from nevus.plots.style import GREY, INK, VERMILION, hide_ticks, literal, new_figure

WIDTH = 13.0  # inches
_STRIP = 16  # images a strip
_OUTLIERS, _PAIRS = 8, 5  # a row
_TITLE, _CAPTION = 0.45, 0.45  # inches


class Strip(NamedTuple):
    """Examples of one kind: a title and (n, H, W, 3) uint8."""

    title: str
    images: Pixels


class Shown(NamedTuple):
    """One image (or two side by side) with what is said of it.

    Attributes:
        images: (1, H, W, 3) or (2, H, W, 3) uint8.
        caption: Below the image, up to two lines.
        alarming: Written in red.
    """

    images: Pixels
    caption: str
    alarming: bool = False


def audit_sheet(examples: Sequence[Strip], outliers: Sequence[Shown], pairs: Sequence[Shown]) -> Figure:
    """Draw strips of examples, then outliers, then pairs of duplicates.

    Args:
        examples: At most 16 images each are drawn.
        outliers: Strongest first.
        pairs: The most worrying first.

    Returns:
        A figure that grows downwards; where there are no outliers or no pairs, it says so.

    Raises:
        CorpusError: If there is nothing to show.
    """
    if not examples:
        raise CorpusError("An audit sheet needs images, but the corpus has none. Look at the splits' parameters.")
    rows = [len(examples), -(-len(outliers) // _OUTLIERS), -(-len(pairs) // _PAIRS)]
    strip = (WIDTH - 0.4) / _STRIP + 0.3  # inches
    outlier = (WIDTH - 1.0) / _OUTLIERS + _CAPTION
    pair = (WIDTH - 1.0) / _PAIRS / 2 + _CAPTION
    heights = [_TITLE + rows[0] * strip, _TITLE + rows[1] * outlier, _TITLE + rows[2] * pair]
    figure = new_figure(WIDTH, sum(heights))
    parts = figure.subfigures(3, 1, height_ratios=heights, squeeze=False)[:, 0]
    _draw_strips(parts[0], examples)
    title = "Strangest images" if outliers else "Strangest images: none beyond the threshold"
    _draw_grid(parts[1], title, outliers, columns=_OUTLIERS)
    title = "Nearest pairs, those across splits first" if pairs else "Nearest pairs: no duplicates found"
    _draw_grid(parts[2], title, pairs, columns=_PAIRS)
    return literal(figure)


def _draw_strips(part: SubFigure, examples: Sequence[Strip]) -> None:
    _heading(part, "Examples of each split and class, taken at even distances")
    for axes, (title, images) in zip(part.subplots(len(examples), 1, squeeze=False)[:, 0], examples, strict=True):
        axes.imshow(mosaic(_filled(images[:_STRIP]), columns=_STRIP), interpolation="nearest")
        axes.set_title(title, loc="left", fontsize=10, color=INK, pad=3)
        axes.set_anchor("W")
        hide_ticks(axes)


def _draw_grid(part: SubFigure, title: str, shown: Sequence[Shown], *, columns: int) -> None:
    _heading(part, title)
    if not shown:
        return
    panels = part.subplots(-(-len(shown) // columns), columns, squeeze=False).ravel()
    for axes, entry in zip(panels, shown, strict=False):
        axes.imshow(mosaic(entry.images, columns=len(entry.images)), interpolation="nearest")
        axes.set_xlabel(entry.caption, fontsize=8, color=VERMILION if entry.alarming else GREY)
        hide_ticks(axes)
    for axes in panels[len(shown) :]:
        axes.set_axis_off()


def _heading(part: SubFigure, title: str) -> None:
    part.suptitle(title, x=0.01, ha="left", fontsize=13, color=INK)


def _filled(images: Pixels) -> Pixels:
    """A full strip, white where images are missing, so that all strips have one scale."""
    strip = np.full((_STRIP, *images.shape[1:]), 255, dtype=np.uint8)
    strip[: len(images)] = images
    return strip
