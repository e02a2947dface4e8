import itertools

import numpy as np
import pytest
from matplotlib.transforms import Bbox

from nevus.plots.cases import Case, cases, veiled
from tests.plots.rendering import rendered

GREY = np.full((16, 16, 3), 128, np.uint8)
HEAT = np.tile(np.linspace(0, 1, 16), (16, 1))


def one(heat=None, lines=("truly a", "called b, 90%", "ISIC_1"), image=GREY):
    return Case(image, heat, lines)


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in [*axes.texts, axes._left_title] if text.get_text()]


def test_each_row_has_its_heading_and_each_case_its_lines():
    figure = cases([("Mistakes", [one(), one()]), ("Right calls", [one()])], title="Cases", columns=3)
    assert min(rendered(figure)) > 50
    assert texts(figure) == [*["truly a\ncalled b, 90%", "ISIC_1"] * 2, "Mistakes", *texts(figure)[2:4], "Right calls"]


def test_a_row_without_cases_says_so():
    figure = cases([("Mistakes", []), ("Right calls", [one(HEAT)])], title="Cases", columns=3)
    assert min(rendered(figure)) > 50
    assert "Mistakes: none" in texts(figure)


@pytest.mark.parametrize("heat", [HEAT, np.zeros((16, 16)), np.ones((16, 16), np.float16)], ids=["half", "none", "all"])
def test_a_heat_map_lies_beside_its_image_and_the_colours_are_explained(heat):
    figure = cases([("Mistakes", [one(heat)])], title="Cases", columns=3)
    assert min(rendered(figure)) > 50
    strip = figure.axes[0].images[0].get_array()
    assert (strip[:, :16] == 128).all()
    assert (strip[:, 17:33] == veiled(GREY, heat)).all()
    assert any("most evidence" in text for text in texts(figure))


def test_where_there_are_no_heat_maps_nothing_is_said_of_evidence():
    assert not any("evidence" in text for text in texts(cases([("All", [one()])], title="Cases", columns=3)))


def test_more_evidence_is_brighter_in_grey():
    brightness = veiled(GREY, HEAT)[0] @ np.array([0.299, 0.587, 0.114])
    assert (np.diff(brightness) > 0).all()
    assert brightness[-1] - brightness[0] > 80


@pytest.mark.parametrize("heat", [HEAT, None], ids=["heat maps", "images"])
def test_no_text_lies_over_another_whatever_rows_are_empty(heat):
    rows = [("Mistakes", [one(heat)] * 3), ("Others", []), ("None", []), ("Right calls", [one(heat)])]
    figure = cases(rows, title="Cases", columns=3)
    rendered(figure)
    written = [*figure.texts, *(text for axes in figure.axes for text in [*axes.texts, axes._left_title])]
    boxes = [text.get_window_extent() for text in written if text.get_text()]
    boxes += [axes.get_window_extent() for axes in figure.axes if axes.images]
    assert [pair for pair in itertools.combinations(boxes, 2) if Bbox.intersection(*pair)] == []


def test_long_names_are_cut_in_the_middle_and_dollar_signs_are_no_formulas():
    figure = cases([("$\\x_{$", [one(lines=("truly $\\x_{$", "a" * 30 + "z" * 30))])], title="$\\x$", columns=3)
    assert min(rendered(figure)) > 50
    assert "a" * 17 + "…" + "z" * 8 in texts(figure)
