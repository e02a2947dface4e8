"""Methods of each data set, best first, with what other test images and other seeds would change."""

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nevus.contracts import CorpusError
from nevus.plots.style import BLUE, GREY, INK, literal, new_figure, tidy

_MARKERS = {"method": "o", "part": "D", "baseline": "s", "floor": "^"}
_WORDS = {"method": "method", "part": "part of a run", "baseline": "baseline of a method", "floor": "floor"}
_ROW, _HEAD = 0.3, 1.0  # inches


class Line(NamedTuple):
    """One method.

    Attributes:
        name: For readers.
        role: "method", "part", "baseline" or "floor".
        value: The mean over the seeds.
        low: Lower end of its interval; NaN where there is none.
        high: Upper end.
        seeds: The value of each seed.
    """

    name: str
    role: str
    value: float
    low: float
    high: float
    seeds: tuple[float, ...]


class Panel(NamedTuple):
    """The methods of one data set, the best first."""

    title: str
    lines: Sequence[Line]


def leaderboard(panels: Sequence[Panel], *, metric: str, confidence: float) -> Figure:
    """Draw one panel a data set, below one another on one scale: means, their intervals, and each seed as a dot.

    Args:
        panels: At least one.
        metric: Its name for readers.
        confidence: Of the intervals, such as 0.95.

    Returns:
        A figure that grows downwards.

    Raises:
        CorpusError: There is nothing to draw.
    """
    if not panels:
        raise CorpusError("a leaderboard needs a method. Train one, such as by `kedro run --pipeline=ssgan`.")
    heights = [_HEAD + _ROW * len(panel.lines) for panel in panels]
    figure = new_figure(9.0, sum(heights) + 0.5)
    grid = figure.subplots(len(panels), 1, squeeze=False, sharex=True, gridspec_kw={"height_ratios": heights})[:, 0]
    for axes, panel in zip(grid, panels, strict=True):
        _draw(axes, panel)
    grid[-1].set_xlabel(f"{metric} on the test images: mean over the seeds, {confidence:.0%} interval; a dot each seed")
    roles = dict.fromkeys(line.role for panel in panels for line in panel.lines)
    handles = [_handle(role) for role in _MARKERS if role in roles]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
    return literal(figure)


def _draw(axes: Axes, panel: Panel) -> None:
    for place, line in enumerate(panel.lines):
        colour = GREY if line.role == "floor" else BLUE
        axes.plot([line.low, line.high], [place, place], color=colour, linewidth=2.0, zorder=2)
        axes.plot(line.seeds, [place] * len(line.seeds), ".", color=INK, markersize=3.5, zorder=4)
        filled = colour if line.role == "method" else "white"
        axes.plot(
            [line.value], [place], _MARKERS[line.role], color=colour, markerfacecolor=filled, markersize=7, zorder=3
        )
    tidy(axes, title=panel.title)
    axes.set_yticks(range(len(panel.lines)), [line.name for line in panel.lines], fontsize=9)
    axes.set_ylim(len(panel.lines) - 0.5, -0.5)  # the best at the top


def _handle(role: str) -> Line2D:
    colour = GREY if role == "floor" else BLUE
    filled = colour if role == "method" else "white"
    return Line2D([], [], linestyle="", marker=_MARKERS[role], color=colour, markerfacecolor=filled, label=_WORDS[role])
