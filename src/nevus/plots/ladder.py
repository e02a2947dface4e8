"""Scores of rungs, each of which adds something to the one below it."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from nevus.plots.style import BLUE, GREY, INK, PALE, literal, new_figure, tidy


def ladder(rows: Sequence[Mapping[str, Any]], *, confidence: float) -> Figure:
    """Draw one line a rung, the lowest at the bottom: its AUC with the interval, and at the right what it adds.

    Args:
        rows: From the floor upwards: `name`, `auc`, `low`, `high`, and `step`, the text at the right.
        confidence: Of the intervals, such as 0.95.

    Returns:
        One figure, wider than high.
    """
    figure = new_figure(8.6, 0.9 + 0.55 * len(rows))
    axes = figure.subplots()
    places, scores = range(len(rows)), [row["auc"] for row in rows]
    axes.plot(scores, places, color=PALE, linewidth=1.2, zorder=2)
    for place, row in enumerate(rows):
        colour = BLUE if row["step"] else GREY
        axes.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=2.2, zorder=3)
        axes.plot([row["auc"]], [place], "o", color=colour, markersize=6, zorder=4)
        axes.text(1.02, place, row["step"], transform=axes.get_yaxis_transform(), va="center", color=INK, fontsize=9)
    axes.text(1.02, len(rows) - 0.4, "more than the rung below", transform=axes.get_yaxis_transform(), fontsize=9)
    tidy(axes, xlabel=f"AUC on the test images, {confidence:.0%} interval")
    axes.set_yticks(places, [row["name"] for row in rows])
    axes.set_ylim(-0.5, len(rows) - 0.5)
    return literal(figure)
