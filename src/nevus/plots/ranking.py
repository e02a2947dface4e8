"""What curves of a ranking share: who has one, how it is drawn, and the band around it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from numpy.typing import NDArray

from nevus.plots import style

# Colour and dash by role, one after the other; classes have those of any series.
_LINES = {
    "method": ((style.BLUE, style.SOLID),),
    "ablation": ((style.INK, style.DOTTED), (style.PURPLE, style.DASH_DOTS)),
    "baseline": ((style.VERMILION, style.DASH_DOT), (style.PURPLE, style.DASH_DOTS)),
    "floor": ((style.GREEN, style.DASHED), (style.GREY, style.SHORT), (style.ORANGE, style.LONG)),
}


class Entry(NamedTuple):
    """One curve in the figure.

    Attributes:
        name: For the legend.
        role: "method", "ablation", "baseline", "floor" (dashed), or "class": a class against the rest.
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
        number, main = taken.setdefault(entry.role, 0), entry.role == "method"
        found.append(
            (
                entry,
                _line(entry.role, number)
                | {"linewidth": 2.4 if main else 1.6, "zorder": 4 if main else 3, "label": entry.said},
            )
        )
        taken[entry.role] += 1
    return found


def _line(role: str, number: int) -> dict[str, Any]:
    if role not in _LINES:
        return style.series(number)
    colour, dash = _LINES[role][number % len(_LINES[role])]
    return {"color": colour, "linestyle": dash}


def draw_band(axes: Axes, band: Band | None) -> None:
    """Shade the band, where there is one."""
    if band:
        axes.fill_between(band.grid, band.low, band.high, color=style.BLUE, alpha=0.15, linewidth=0)


def legend_title(score: str, confidence: float, band: Band | None) -> str:
    """Say what the numbers in the legend and the band are."""
    level = f"{confidence:.0%}"
    return f"{score} ({level} interval)" + (f"; band: {level}, point by point" if band else "")
