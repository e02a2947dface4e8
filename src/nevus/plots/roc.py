"""Receiver operating characteristic of several methods, or of several classes, in one pair of axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import RocCurveDisplay, roc_curve

from nevus.plots.style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, VERMILION, literal, new_figure, tidy, unit_square

_COLOURS = {
    "method": (BLUE,),
    "ablation": (INK, BLUE),
    "baseline": (VERMILION, PURPLE),
    "floor": (GREEN, GREY, ORANGE),
    "class": (BLUE, VERMILION, GREEN, ORANGE, PURPLE, INK),
}
_DASHES_OF_ROLE = {"floor": "--", "ablation": ":"}
_DASHES = ("-", "--", ":", "-.")  # one after the other, when the colours are used up


class RocEntry(NamedTuple):
    """One curve in the figure.

    Attributes:
        name: For the legend.
        role: "method", "ablation" (dotted), "baseline", "floor" (dashed), or "class": a class against the rest.
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


def roc(
    entries: Sequence[RocEntry], band: RocBand | None, *, title: str, question: tuple[str, str], confidence: float
) -> Figure:
    """Draw all curves, floors dashed, with a band around the main method where there is one.

    Args:
        entries: The methods, the main one first; or the classes.
        band: Of the main method.
        title: What is compared.
        question: What label 0 and label 1 stand for, such as ("benign", "melanoma"), for the axes.
        confidence: Of the band and of the intervals in the legend, such as 0.95.

    Returns:
        One square figure.
    """
    figure = new_figure(6.4, 6.6)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=":", label="chance")
    taken: dict[str, int] = {}
    for entry in entries:
        _draw(axes, entry, taken.setdefault(entry.role, 0))
        taken[entry.role] += 1
    negative, positive = question
    tidy(
        axes,
        title=title,
        xlabel=f"false positive rate: share of {negative} images called {positive}",
        ylabel=f"true positive rate: share of {positive} images found",
    )
    unit_square(axes)
    axes.set_aspect("equal")
    level = f"{confidence:.0%}"
    legend = f"AUC ({level} interval)"
    if band:
        axes.fill_between(band.grid, band.low, band.high, color=BLUE, alpha=0.15, linewidth=0)
        legend += f"; band: {level}, point by point"
    axes.legend(loc="lower right", title=legend, fontsize=9)
    return literal(figure)


def _draw(axes: Axes, entry: RocEntry, number: int) -> None:
    """Draw one curve, the number-th of its role."""
    colours = _COLOURS[entry.role]
    dashes = _DASHES_OF_ROLE.get(entry.role, _DASHES[number // len(colours) % len(_DASHES)])
    wrong, right, _ = roc_curve(entry.labels, entry.probabilities, drop_intermediate=False)
    value, low, high = entry.auc
    style = {
        "color": colours[number % len(colours)],
        "linewidth": 2.4 if entry.role == "method" else 1.6,
        "linestyle": dashes,
        "zorder": 4 if entry.role == "method" else 3,
    }
    name = f"{entry.name}: {value:.2f} ({low:.2f} to {high:.2f})"
    RocCurveDisplay(fpr=wrong, tpr=right, name=name).plot(axes, curve_kwargs=style)
