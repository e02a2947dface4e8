import io

import pytest
from matplotlib.colors import same_color

from nevus.plots.forest import ForestRow, forest
from nevus.plots.style import BLUE, GREY

ROWS = [
    ForestRow("all", [(0.8, 0.7, 0.9), (0.6, 0.5, 0.7)]),
    ForestRow("Sex"),
    ForestRow("female $1$", [(0.9, 0.8, 1.0), None], "few", faint=True),
    ForestRow("male", [None, None], "no image of melanoma"),
]


def test_a_group_without_a_number_has_no_mark_but_a_reason():
    figure = forest(ROWS, ["AUC", "Sensitivity"], confidence=0.95)
    left, right = figure.axes
    assert [len(axes.lines) for axes in (left, right)] == [5, 3]  # a bar and a point each, and the line of the whole
    assert [label.get_text() for label in left.get_yticklabels()] == ["all", "Sex", "female $1$", "male"]
    assert "no image of melanoma" in [text.get_text() for text in right.texts]
    figure.savefig(io.BytesIO(), dpi=30)


@pytest.mark.parametrize(("place", "colour", "filled"), [(0, BLUE, True), (2, GREY, False)])
def test_a_group_too_small_is_hollow_and_grey(place, colour, filled):
    axes = forest(ROWS, ["AUC", "Sensitivity"], confidence=0.95).axes[0]
    (point,) = (line for line in axes.lines if line.get_marker() == "o" and line.get_ydata()[0] == place)
    assert same_color(point.get_color(), colour)
    assert same_color(point.get_markerfacecolor(), colour if filled else "white")
