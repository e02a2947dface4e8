import numpy as np

from nevus.plots.decision_curve import Panel, decision_curve
from nevus.plots.ranking import Band
from tests.plots.rendering import rendered

GRID = np.linspace(0, 0.5, 6)


def panel(curves, band=None, everybody=None):
    return Panel("10% melanoma", GRID, curves, band, everybody, 100.0)


def test_every_panel_has_the_run_beside_calling_everybody_and_nobody():
    run = panel({"net": 100 - 100 * GRID}, Band(GRID, GRID, GRID + 1), 100 - 200 * GRID)
    figure = decision_curve([run, run], title="a title", xlabel="threshold", ylabel="benefit")
    assert min(rendered(figure)) > 100
    assert len(figure.axes) == 2
    for axes in figure.axes:
        assert [line.get_label() for line in axes.lines] == ["call nobody", "call everybody", "net"]
        assert axes.get_xlim() == (0, 0.5)


def test_classes_can_be_told_apart_by_colour_or_dash():
    figure = decision_curve([panel({f"{n}": GRID for n in range(8)})], title="a", xlabel="x", ylabel="y")
    assert min(rendered(figure)) > 100
    lines = figure.axes[0].lines[1:]
    assert len({(line.get_color(), str(line._unscaled_dash_pattern)) for line in lines}) == 8
