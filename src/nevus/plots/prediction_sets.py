"""How often a set of classes says one class, and how often it leaves the answer open."""

from __future__ import annotations

from matplotlib.figure import Figure

from nevus.contracts import Table
from nevus.plots.style import BLUE, INK, PALE, VERMILION, literal, new_figure, tidy

# Column of the table: words, colour, hatch (so that it is told apart in grey, too).
KINDS = {
    "right": ("one class, rightly", BLUE, ""),
    "wrong": ("one class, wrongly", VERMILION, "////"),
    "several": ("cannot say: several classes", PALE, ""),
    "none": ("cannot say: no class fits", "white", "...."),
}
SMALL = 0.04  # share of a bar that has no room for its number


def prediction_sets(table: Table, *, wanted: float, confidence: float) -> Figure:
    """Draw the answers as shares of the test images, over all and by their true class.

    Args:
        table: `metrics.conformal.COVERAGE_COLUMNS`; the first row is that of all images.
        wanted: Coverage that was asked for.
        confidence: Of the intervals of the coverage.
    """
    figure = new_figure(8.6, 1.9 + 0.55 * len(table))
    axes = figure.subplots()
    names = [f"{row['class']} ({row['images']:,})" for row in table.to_dict("records")]
    start = table["right"] * 0.0
    for kind, (words, colour, hatch) in KINDS.items():
        axes.barh(names, table[kind], left=start, label=words, color=colour, hatch=hatch, edgecolor=INK, linewidth=0.6)
        for place, (left, share) in enumerate(zip(start, table[kind], strict=True)):
            if share >= SMALL:
                ink = "white" if kind == "right" else INK
                box = {"facecolor": colour, "edgecolor": "none", "pad": 1.5} if hatch else None
                axes.text(left + share / 2, place, f"{share:.0%}", ha="center", va="center", color=ink, bbox=box)
        start = start + table[kind]
    for place, row in enumerate(table.to_dict("records")):
        text = f"{row['coverage']:.1%} ({row['low']:.1%} to {row['high']:.1%})"
        axes.text(1.02, place, text, va="center", fontsize=9)
    axes.text(1.02, -0.75, f"truth in the set, {confidence:.0%} interval", va="center", fontsize=9, color=INK)
    axes.invert_yaxis()
    title = f"Answers that shall hold the truth in {wanted:.0%} of cases"
    tidy(axes, title=title, xlabel="share of the test images")
    axes.set_xlim(0, 1)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.28 - 0.25 / len(table)), ncols=2, fontsize=9, frameon=False)
    return literal(figure)


def no_prediction_sets() -> Figure:
    """Say that none were asked for."""
    figure = new_figure(8.6, 1.2)
    figure.text(0.5, 0.5, "No prediction sets were asked for (calibration.coverage).", ha="center", va="center")
    return figure
