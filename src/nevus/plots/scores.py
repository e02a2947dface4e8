"""Histogram of the probabilities that the images of a class and all others are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nevus.plots.style import BLUE, INK, VERMILION, literal, new_figure, tidy

_BINS = 20
_COLUMNS = 3


class Question(NamedTuple):
    """One pair of histograms.

    Attributes:
        negative: What label 0 stands for.
        positive: What label 1 stands for.
        labels: (n,), 0 or 1.
        probabilities: (n,), of label 1.
    """

    negative: str
    positive: str
    labels: NDArray[Any]
    probabilities: NDArray[Any]


def scores(questions: Sequence[Question], *, title: str, threshold: float | None) -> Figure:
    """Draw how the probabilities of two kinds of images overlap, each kind as shares of its own.

    Args:
        questions: One; or one for each class against the rest.
        title: Of the whole.
        threshold: Drawn as a line; None where the likeliest class is called.

    Returns:
        A figure with one pair of axes a question.
    """
    columns = min(_COLUMNS, len(questions))
    rows = -(-len(questions) // columns)
    figure = new_figure(6.4, 4.4) if len(questions) == 1 else new_figure(4.0 * columns, 2.9 * rows)
    places = np.atleast_1d(figure.subplots(rows, columns, sharex=True)).ravel()
    for axes, question in zip(places, questions, strict=False):
        _draw(axes, question, threshold)
    for axes in places[len(questions) :]:
        axes.set_axis_off()
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, color=INK)
    return literal(figure)


def _draw(axes: Axes, question: Question, threshold: float | None) -> None:
    kinds = ((0, question.negative, BLUE, ""), (1, question.positive, VERMILION, "///"))
    for label, name, colour, hatch in kinds:
        own = question.probabilities[question.labels == label]
        axes.hist(
            own,
            bins=np.linspace(0, 1, _BINS + 1).tolist(),
            weights=np.full(len(own), 1 / max(1, len(own))),
            histtype="stepfilled",
            facecolor=(colour, 0.25),
            edgecolor=colour,
            hatch=hatch,
            linewidth=1.4,
            label=f"{name} ({len(own):,} images)",
        )
    if threshold is not None:
        axes.axvline(threshold, color=INK, linestyle="--", linewidth=1.2, label=f"threshold {threshold:.3g}")
    tidy(axes, xlabel=f"probability of {question.positive}", ylabel="share of the images of its kind")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, axes.get_ylim()[1] * 1.3)  # room for the legend
    axes.legend(loc="upper center", ncols=2, fontsize=8 if threshold is None else 9)
