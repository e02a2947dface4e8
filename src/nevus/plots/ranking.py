"""What curves of a ranking share: who has one, how it is drawn, and the band around it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from numpy.typing import NDArray

from nevus.plots.style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, VERMILION

_COLOURS = {
    "method": (BLUE,),
    "ablation": (INK, BLUE),
    "baseline": (VERMILION, PURPLE),
    "floor": (GREEN, GREY, ORANGE),
    "class": (BLUE, VERMILION, GREEN, ORANGE, PURPLE, INK),
}
_DASHES_OF_ROLE = {"floor": "--", "ablation": ":"}
_DASHES = ("-", "--", ":", "-.")  # one after the other, when the colours are used up


class Entry(NamedTuple):
    """One curve in the figure.

    Attributes:
        name: For the legend.
        role: "method", "ablation" (dotted), "baseline", "floor" (dashed), or "class": a class against the rest.
        labels: (n,), 0 or 1.
        probabilities: (n,), of label 1.
        score: That the curve stands for, with the ends of its interval.
    """

    name: str
    role: str
    labels: NDArray[Any]
    probabilities: NDArray[Any]
    score: tuple[float, float, float]

    @property
    def said(self) -> str:
        """Name, score and interval, for the legend."""
        value, low, high = self.score
        return f"{self.name}: {value:.2f} ({low:.2f} to {high:.2f})"


class Band(NamedTuple):
    """Uncertainty of the main method's curve: `low` and `high` at the places in `grid`, all (G,)."""

    grid: NDArray[Any]
    low: NDArray[Any]
    high: NDArray[Any]


def styled(entries: Iterable[Entry]) -> list[tuple[Entry, dict[str, Any]]]:
    """Give each curve a line that can be told from the others, in grey too."""
    taken: dict[str, int] = {}
    found = []
    for entry in entries:
        number, colours = taken.setdefault(entry.role, 0), _COLOURS[entry.role]
        main = entry.role == "method"
        style = {
            "color": colours[number % len(colours)],
            "linewidth": 2.4 if main else 1.6,
            "linestyle": _DASHES_OF_ROLE.get(entry.role, _DASHES[number // len(colours) % len(_DASHES)]),
            "zorder": 4 if main else 3,
            "label": entry.said,
        }
        taken[entry.role] += 1
        found.append((entry, style))
    return found


def draw_band(axes: Axes, band: Band | None) -> None:
    """Shade the band, where there is one."""
    if band:
        axes.fill_between(band.grid, band.low, band.high, color=BLUE, alpha=0.15, linewidth=0)


def legend_title(score: str, confidence: float, band: Band | None) -> str:
    """Say what the numbers in the legend and the band are."""
    level = f"{confidence:.0%}"
    return f"{score} ({level} interval)" + (f"; band: {level}, point by point" if band else "")
