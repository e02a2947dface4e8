"""Reliability diagram: predicted probability against observed frequency."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure
from sklearn.calibration import CalibrationDisplay

from nevus.contracts import Table
from nevus.plots.style import BLUE, literal, new_figure, tidy, unit_square


def reliability(table: Table, *, classes: Sequence[str], name: str, error: float, confidence: float) -> Figure:
    """Draw how often what was given a probability is true, above a histogram of the probabilities.

    Of two classes that is the second; of more, the likeliest.

    Args:
        table: Columns `start`, `end`, `count`, `predicted`, `observed`, `low`, `high`; one row an occupied bin.
        classes: Names of the classes.
        name: Of the method, for the title.
        error: Expected calibration error, for the legend.
        confidence: Of the bars from `low` to `high`, such as 0.95.

    Returns:
        A figure of two axes that share the probability.
    """
    observed, predicted = f"share of {classes[-1]} among those images", f"probability of {classes[-1]}"
    if len(classes) > 2:
        observed, predicted = "share of those images called rightly", "probability of the likeliest class"
    figure = new_figure(5.8, 7.2)
    above, below = figure.subplots(2, 1, height_ratios=[4, 1], sharex=True)
    display = CalibrationDisplay(table["observed"], table["predicted"], table["predicted"])
    style = {"color": BLUE, "marker": "o", "markersize": 6, "linewidth": 1.6}
    display.plot(ax=above, name=f"{name}, with {confidence:.0%} intervals", **style)
    above.errorbar(
        table["predicted"],
        table["observed"],
        # Rounding can leave an end a hair on the wrong side of the value, which matplotlib refuses.
        yerr=[(table["observed"] - table["low"]).clip(lower=0), (table["high"] - table["observed"]).clip(lower=0)],
        fmt="none",
        ecolor=BLUE,
        elinewidth=1,
        capsize=3,
    )
    tidy(
        above,
        title=f"Does a probability of {name} mean what it says?\nCalibration error {error:.3f}",
        ylabel=f"observed: {observed}",
    )
    unit_square(above)
    above.legend(loc="upper left", fontsize=9)
    below.bar(
        table["start"], table["count"], width=table["end"] - table["start"], align="edge", color=BLUE, edgecolor="white"
    )
    tidy(below, xlabel=f"predicted {predicted}", ylabel="test images")
    return literal(figure)
