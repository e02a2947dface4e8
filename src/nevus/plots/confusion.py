"""Confusion matrix with counts and row percentages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix

from nevus.plots.style import INK, literal, new_figure, tidy


def confusion(
    labels: NDArray[Any], called: NDArray[Any], *, classes: Sequence[str], name: str, threshold: float
) -> Figure:
    """Draw how often each class was called what.

    Args:
        labels: (n,), true class, as a position in `classes`.
        called: (n,), class decided for.
        classes: Names of the classes.
        name: Of the method, for the title.
        threshold: At which the decisions were made, for the title; of more than two classes the likeliest is called.

    Returns:
        A figure with one row of cells a true class; the shade is the share of the row.
    """
    counts = confusion_matrix(labels, called, labels=range(len(classes)))
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    two = len(classes) == 2
    more = 0.55 * (len(classes) - 2)  # inches
    figure = new_figure(5.2 + more, 4.6 + more)
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        text = f"{counts[row, column]}\n{share:.0%}" + (f" of {classes[row]}" if two else "")
        colour = "white" if share > 0.55 else INK
        axes.text(column, row, text, ha="center", va="center", fontsize=12 if two else 9, color=colour)
    tidy(
        axes,
        title=f"What {name} calls the test images ({f'threshold {threshold:g}' if two else 'the likeliest class'})",
        xlabel="called",
        ylabel="truly",
    )
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.set_xticks(range(len(classes)), classes, rotation=0 if two else 45, ha="center" if two else "right")
    axes.set_yticks(range(len(classes)), classes, rotation=90 if two else 0, va="center")
    axes.tick_params(length=0)
    figure.colorbar(image, ax=axes, shrink=0.8, label="share of the true class")
    return literal(figure)
