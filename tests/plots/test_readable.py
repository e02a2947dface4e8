import pytest
from matplotlib.figure import Figure

from nevus.plots import style
from tests.plots.readable import DEUTERANOPIA, lightness, require_readable


def drawn(*lines):
    figure = Figure()
    axes = figure.subplots()
    for number, options in enumerate(lines):
        axes.plot([0, 1], [0, number], label=f"line {number}", **options)
    return figure


@pytest.mark.parametrize(
    ("colour", "expected"), [("white", 100), ("black", 0), ("#777777", 50), ("red", 53.2), ((0, 0, 0, 0), 100)]
)
def test_lightness_is_that_of_cielab(colour, expected):
    assert lightness(colour) == pytest.approx(expected, abs=0.3)


def test_greys_look_the_same_to_everybody():
    assert lightness("#777777", DEUTERANOPIA) == pytest.approx(lightness("#777777"), abs=0.1)


def test_two_colours_of_one_lightness_are_refused_and_a_dash_or_a_marker_or_a_lighter_colour_helps(figures):
    bad = drawn({"color": style.BLUE}, {"color": style.VERMILION})
    with pytest.raises(AssertionError, match="'line 0' and 'line 1'"):
        require_readable(bad)
    for other in ({"linestyle": "--"}, {"marker": "o"}, {"color": style.PALE}, {"linewidth": 5}):
        require_readable(drawn({"color": style.BLUE}, {"color": style.VERMILION} | other))
    figures.remove(bad)


def test_seven_series_differ_in_more_than_colour():
    require_readable(drawn(*(style.series(number) for number in range(7))))


def test_many_series_differ_in_colour_or_dash():
    assert len({tuple(style.series(number).items()) for number in range(42)}) == 42
