"""Scores of parts of a test set, beside those of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nevus.plots.style import BLUE, GREY, INK, literal, new_figure, tidy


class ForestRow(NamedTuple):
    """One line of the figure.

    Attributes:
        name: Of the group; or of an attribute, whose groups follow.
        scores: Value, low and high of each panel; None where there is no number. Empty for the name of an attribute.
        note: What stands at the right, such as why there is no number.
        faint: Too small a group to say anything; drawn hollow and grey.
    """

    name: str
    scores: Sequence[tuple[float, float, float] | None] = ()
    note: str = ""
    faint: bool = False


def forest(rows: Sequence[ForestRow], panels: Sequence[str], *, confidence: float) -> Figure:
    """Draw a line a group and a panel a score, with the value of all test images as a dashed line.

    Args:
        rows: From the top; the first is of all test images.
        panels: Titles of the scores, which lie between 0 and 1.
        confidence: Of the intervals, such as 0.95.

    Returns:
        One figure, as high as there are rows.
    """
    figure = new_figure(2.6 + 2.4 * len(panels) + 1.6, 1.1 + 0.27 * len(rows))
    every = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for number, (axes, panel) in enumerate(zip(every, panels, strict=True)):
        for place, row in enumerate(rows):
            if row.scores:
                _draw(axes, place, row.scores[number], row.faint)
        if rows[0].scores and (whole := rows[0].scores[number]):
            axes.axvline(whole[0], color=GREY, linewidth=0.9, linestyle="--", zorder=1)
        tidy(axes, title=panel)
        axes.set(xlim=(-0.02, 1.02), xticks=(0, 0.5, 1), xticklabels=("0", "0.5", "1"))
        axes.tick_params(axis="y", length=0)
    every[0].set_yticks(range(len(rows)), [row.name for row in rows])
    every[0].set_ylim(len(rows) - 0.5, -0.5)
    for label, row in zip(every[0].get_yticklabels(), rows, strict=True):
        label.set(fontweight="normal" if row.scores else "bold", fontsize=9, color=INK)
    for place, row in enumerate(rows):
        right = every[-1].get_yaxis_transform()
        every[-1].text(1.04, place, row.note, transform=right, va="center", fontsize=8, color=INK)
    figure.supxlabel(f"Bars are {confidence:.0%} intervals; the dashed line is all test images", fontsize=9)
    return literal(figure)


def _draw(axes: Axes, place: int, score: tuple[float, float, float] | None, faint: bool) -> None:
    if score is None:
        return
    value, low, high = score
    colour = GREY if faint else BLUE
    axes.plot([low, high], [place, place], color=colour, linewidth=1.0 if faint else 2.2, zorder=3)
    axes.plot([value], [place], "o", color=colour, markersize=5, markerfacecolor="white" if faint else colour, zorder=4)
