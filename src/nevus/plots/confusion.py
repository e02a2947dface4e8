"""Confusion matrix with counts and row percentages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

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
    display = ConfusionMatrixDisplay(shares, display_labels=classes)
    display.plot(ax=axes, cmap="Blues", colorbar=False, im_kw={"vmin": 0, "vmax": 1})
    for cell, share in np.ndenumerate(shares):
        text = f"{counts[cell]}\n{share:.0%}" + (f" of {classes[cell[0]]}" if two else "")
        # Not the display's own choice of colours, which looks at the darkest cell, not at the scale.
        colour = "white" if share > 0.55 else INK
        display.text_[cell].set(text=text, fontsize=12 if two else 9, color=colour)
    tidy(
        axes,
        title=f"What {name} calls the test images ({f'threshold {threshold:.3g}' if two else 'the likeliest class'})",
        xlabel="called",
        ylabel="truly",
    )
    axes.grid(False)
    axes.spines[:].set_visible(False)
    for tick in axes.get_xticklabels():
        tick.set(rotation=0 if two else 45, ha="center" if two else "right", rotation_mode="anchor")
    for tick in axes.get_yticklabels():
        tick.set(rotation=90 if two else 0, va="center")
    axes.tick_params(length=0)
    figure.colorbar(display.im_, ax=axes, shrink=0.8, label="share of the true class")
    return literal(figure)
