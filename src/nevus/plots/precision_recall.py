"""Precision against recall of several methods, or of several classes, in one pair of axes."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure
from sklearn.metrics import precision_recall_curve

from nevus.plots.ranking import Band, Entry, draw_band, legend_title, styled
from nevus.plots.style import GREY, literal, new_figure, tidy, unit_square


def precision_recall(
    entries: Sequence[Entry], band: Band | None, *, title: str, positive: str, confidence: float
) -> Figure:
    """Draw all curves in steps, floors dashed, with a band around the main method where there is one.

    Args:
        entries: The methods, the main one first; or the classes. Their score is the average precision.
        band: Of the main method, over the recall.
        title: What is compared.
        positive: What label 1 stands for, such as "melanoma", for the axes.
        confidence: Of the band and of the intervals in the legend, such as 0.95.

    Returns:
        One square figure; a dotted line is the precision of chance where all curves have the same.
    """
    figure = new_figure(6.4, 6.6)
    axes = figure.subplots()
    shares = {float(entry.labels.mean()) for entry in entries}
    if len(shares) == 1:
        axes.axhline(shares.pop(), color=GREY, linewidth=0.8, linestyle=":", label="chance")
    for entry, style in styled(entries):
        precision, recall, _ = precision_recall_curve(entry.labels, entry.probabilities)
        axes.step(recall, precision, where="post", **style)
    draw_band(axes, band)
    tidy(
        axes,
        title=title,
        xlabel=f"recall: share of {positive} images found",
        ylabel=f"precision: share of {positive} among the images called so",
    )
    unit_square(axes)
    axes.set_aspect("equal")
    title_of_legend = legend_title("Average precision", confidence, band)
    axes.legend(loc="lower left", title=title_of_legend, fontsize=9, handlelength=3.2)
    return literal(figure)
