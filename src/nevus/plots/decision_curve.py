"""Decision curves: what calling by a model is worth, at every threshold that somebody may hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nevus.plots.ranking import Band, draw_band
from nevus.plots.style import GREY, INK, literal, new_figure, series, tidy


class Panel(NamedTuple):
    """One pair of axes.

    Attributes:
        title: Such as the prevalence.
        thresholds: (G,).
        curves: Net benefit by name, (G,) each, the main one first.
        band: Of the main one, over the thresholds.
        everybody: (G,), net benefit of calling everybody; None where the curves have none in common.
        best: The highest that could be reached, for the scale.
    """

    title: str
    thresholds: NDArray[Any]
    curves: Mapping[str, NDArray[Any]]
    band: Band | None
    everybody: NDArray[Any] | None
    best: float


def decision_curve(panels: Sequence[Panel], *, title: str, xlabel: str, ylabel: str) -> Figure:
    """Draw net benefit against threshold (Vickers and Elkin 2006), beside calling everybody and nobody.

    Args:
        panels: Of the same kind, side by side.
        title: Of the whole.
        xlabel: What a threshold is.
        ylabel: What the net benefit counts.

    Returns:
        A figure with one pair of axes a panel.
    """
    figure = new_figure(max(6.4, 3.9 * len(panels)), 4.4)
    places = np.atleast_1d(figure.subplots(1, len(panels)))
    for number, (axes, panel) in enumerate(zip(places, panels, strict=True)):
        _draw(axes, panel)
        tidy(axes, title=panel.title, xlabel=xlabel, ylabel="" if number else ylabel)
    places[0].legend(loc="best", fontsize=9, handlelength=3.2)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, color=INK)
    return literal(figure)


def _draw(axes: Axes, panel: Panel) -> None:
    axes.axhline(0, color=GREY, linewidth=1.2, linestyle=":", label="call nobody")
    if panel.everybody is not None:
        axes.plot(panel.thresholds, panel.everybody, color=GREY, linewidth=1.4, linestyle="--", label="call everybody")
    draw_band(axes, panel.band)
    for number, (name, values) in enumerate(panel.curves.items()):
        axes.plot(panel.thresholds, values, **series(number), linewidth=2.0 if number else 2.4, label=name)
    axes.set(xlim=(0, panel.thresholds[-1]), ylim=(-0.15 * panel.best, 1.05 * panel.best))
