"""Reliability before and after the calibration, on the same test images."""

from __future__ import annotations

from matplotlib.figure import Figure

from nevus.contracts import Table
from nevus.plots.style import BLUE, GREY, VERMILION, literal, new_figure, tidy, unit_square


def before_and_after(before: Table, after: Table, *, question: str, confidence: float) -> Figure:
    """Draw how often what was given a probability is true, before and after.

    Args:
        before: From `metrics.calibration.reliability_table`.
        after: Likewise.
        question: Whose probability it is, such as "melanoma", or "the likeliest class".
        confidence: Of the bars.

    Returns:
        A figure of two axes that share the probability: the shares, and how many images have which probability.
    """
    figure = new_figure(6.2, 7.0)
    above, below = figure.subplots(2, 1, height_ratios=[4, 1], sharex=True)
    above.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=":", label="as it should be")
    for table, label, style in (
        (before, "before", {"color": VERMILION, "marker": "s", "linestyle": "--"}),
        (after, "after", {"color": BLUE, "marker": "o", "linestyle": "-"}),
    ):
        gaps = [(table["observed"] - table["low"]).clip(lower=0), (table["high"] - table["observed"]).clip(lower=0)]
        above.errorbar(table["predicted"], table["observed"], yerr=gaps, label=label, capsize=3, elinewidth=1, **style)
        width, line = table["end"] - table["start"], {"edgecolor": style["color"], "linestyle": style["linestyle"]}
        below.bar(table["start"], table["count"], width=width, align="edge", fill=False, linewidth=1.4, **line)
    tidy(
        above,
        title=f"Does the probability of {question} mean what it says?",
        ylabel=f"share that is true, with {confidence:.0%} intervals",
    )
    unit_square(above)
    above.legend(loc="upper left", fontsize=9)
    tidy(below, xlabel=f"probability of {question}", ylabel="test images")
    return literal(figure)
