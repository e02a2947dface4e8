"""Colours and type shared by the figures; the colours of Okabe and Ito can be told apart by colour-blind readers."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

BLUE, VERMILION, GREEN, ORANGE, PURPLE = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7"
INK, GREY, PALE = "#1a1a1a", "#767676", "#d9d9d9"
COLOURS = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, INK)
# Lengths of strokes and gaps, in widths of the line: the colours are nearly alike in grey.
SOLID, LONG, DASHED, SHORT = "-", (0, (9, 3)), (0, (5, 2)), (0, (2.5, 1.5))
DOTTED, DASH_DOT, DASH_DOTS = (0, (1, 1.2)), (0, (6, 1.5, 1, 1.5)), (0, (4, 1.2, 1, 1.2, 1, 1.2))
DASHES = (SOLID, DASHED, DOTTED, DASH_DOT, LONG, DASH_DOTS, SHORT)


def series(number: int) -> dict[str, Any]:
    """Colour and dash of a line, by its number from 0: 42 differ, and of any seven in a row the dashes alone do."""
    return {"color": COLOURS[number % len(COLOURS)], "linestyle": DASHES[number % len(DASHES)]}


def new_figure(width: float, height: float) -> Figure:
    """Make an empty white figure that lays itself out; width and height in inches."""
    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def tidy(axes: Axes, *, title: str = "", xlabel: str = "", ylabel: str = "") -> None:
    """Label axes and take away what carries no information."""
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)


def unit_square(axes: Axes) -> None:
    """Show 0 to 1 both ways, with room for lines that run along the border."""
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))


def hide_ticks(axes: Axes) -> None:
    """Leave an image without ticks and frame."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def literal(figure: Figure) -> Figure:
    """Draw every text as it is: the name of a class or an image may hold dollar signs, and is no formula.

    Args:
        figure: With all its texts; later ones are formulas again.

    Returns:
        The same figure.
    """
    for text in figure.findobj(Text):
        text.set_parse_math(False)
    return figure
