"""Receiver operating characteristic of several methods in one pair of axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import roc_curve

from nevus.plots.style import BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILION, new_figure, tidy, unit_square

_COLOURS = {"method": (BLUE,), "baseline": (VERMILION, PURPLE), "floor": (GREEN, GREY, ORANGE)}


class RocEntry(NamedTuple):
    """One method in the figure.

    Attributes:
        name: For the legend.
        role: "method", "baseline" or "floor" (dashed).
        labels: (n,), 0 or 1.
        probabilities: (n,), of label 1.
        auc: Area under the curve, with the ends of its interval.
    """

    name: str
    role: str
    labels: NDArray[Any]
    probabilities: NDArray[Any]
    auc: tuple[float, float, float]


class RocBand(NamedTuple):
    """Uncertainty of the main method's curve: `low` and `high` true positive rates at the rates in `grid`, all (G,)."""

    grid: NDArray[Any]
    low: NDArray[Any]
    high: NDArray[Any]


def roc(entries: Sequence[RocEntry], band: RocBand, *, confidence: float) -> Figure:
    """Draw all methods, floors dashed, with a band around the main method.

    Args:
        entries: The methods, the main one first.
        band: Of the main method.
        confidence: Of the band and of the intervals in the legend, such as 0.95.

    Returns:
        One square figure.
    """
    figure = new_figure(6.4, 6.6)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=":", label="chance")
    axes.fill_between(band.grid, band.low, band.high, color=BLUE, alpha=0.15, linewidth=0)
    taken: dict[str, int] = {}
    for entry in entries:
        number = taken.get(entry.role, 0)
        taken[entry.role] = number + 1
        colours = _COLOURS[entry.role]
        wrong, right, _ = roc_curve(entry.labels, entry.probabilities, drop_intermediate=False)
        value, low, high = entry.auc
        axes.plot(
            wrong,
            right,
            color=colours[number % len(colours)],
            linewidth=2.4 if entry.role == "method" else 1.6,
            linestyle="--" if entry.role == "floor" else "-",
            zorder=4 if entry.role == "method" else 3,
            label=f"{entry.name}: {value:.2f} ({low:.2f} to {high:.2f})",
        )
    tidy(
        axes,
        title=f"Melanomas found against false alarms: {entries[0].name} beside baseline and floors",
        xlabel="false positive rate: share of benign images called melanoma",
        ylabel="true positive rate: share of melanomas found",
    )
    unit_square(axes)
    axes.set_aspect("equal")
    level = f"{confidence:.0%}"
    axes.legend(loc="lower right", title=f"AUC ({level} interval); band: {level}, point by point", fontsize=9)
    count, positive = len(entries[0].labels), int(np.sum(entries[0].labels))
    axes.text(0.99, 0.34, f"{count} test images, {positive} melanoma", ha="right", fontsize=9, color=GREY)
    return figure
