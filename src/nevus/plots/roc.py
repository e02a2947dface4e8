"""Receiver operating characteristic of several methods, or of several classes, in one pair of axes."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

from nevus.plots.ranking import Band, Entry, draw_band, legend_title, styled
from nevus.plots.style import GREY, literal, new_figure, tidy, unit_square


def roc(
    entries: Sequence[Entry], band: Band | None, *, title: str, question: tuple[str, str], confidence: float
) -> Figure:
    """Draw all curves, floors dashed, with a band around the main method where there is one.

    Args:
        entries: The methods, the main one first; or the classes. Their score is the area under the curve.
        band: Of the main method, over the false positive rate.
        title: What is compared.
        question: What label 0 and label 1 stand for, such as ("benign", "melanoma"), for the axes.
        confidence: Of the band and of the intervals in the legend, such as 0.95.

    Returns:
        One square figure.
    """
    figure = new_figure(6.4, 6.6)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=":", label="chance")
    for entry, style in styled(entries):
        wrong, right, _ = roc_curve(entry.labels, entry.probabilities, drop_intermediate=False)
        axes.plot(wrong, right, **style)
    draw_band(axes, band)
    negative, positive = question
    tidy(
        axes,
        title=title,
        xlabel=f"false positive rate: share of {negative} images called {positive}",
        ylabel=f"true positive rate: share of {positive} images found",
    )
    unit_square(axes)
    axes.set_aspect("equal")
    axes.legend(loc="lower right", title=legend_title("AUC", confidence, band), fontsize=9, handlelength=3.2)
    return literal(figure)
