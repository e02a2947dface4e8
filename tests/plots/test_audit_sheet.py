import numpy as np
import pytest

from nevus.contracts import CorpusError
from nevus.plots.audit_sheet import Shown, Strip, audit_sheet
from tests.plots.rendering import rendered


def images(number, value=0):
    return np.full((number, 8, 8, 3), value, np.uint8)


def texts(figure):
    return [part._suptitle.get_text() for part in figure.subfigs]


def test_every_strip_outlier_and_pair_has_a_panel_with_its_words():
    strips = [Strip("labeled, benign: 3 of 3 images", images(3)), Strip("test: 20 of 99 images", images(20))]
    outliers = [Shown(images(1), f"image {number}\ndark image") for number in range(9)]
    pairs = [Shown(images(2), "a | b", alarming=True), Shown(images(2), "c | d")]
    figure = audit_sheet(strips, outliers, pairs)
    assert min(rendered(figure)) > 50
    titles = [axes.get_title(loc="left") for axes in figure.subfigs[0].axes]
    assert titles == [strip.title for strip in strips]
    captions = [axes.get_xlabel() for axes in figure.axes if axes.get_xlabel()]
    assert captions == [*(f"image {number}\ndark image" for number in range(9)), "a | b", "c | d"]
    colours = {axes.get_xlabel(): axes.xaxis.label.get_color() for axes in figure.subfigs[2].axes}
    assert colours["a | b"] != colours["c | d"]


def test_strips_have_one_scale_however_few_images_they_hold():
    figure = audit_sheet([Strip("few", images(1)), Strip("many", images(30))], [], [])
    shapes = {axes.images[0].get_array().shape for axes in figure.axes}
    assert len(shapes) == 1


def test_where_nothing_is_strange_the_sheet_says_so():
    figure = audit_sheet([Strip("few", images(1))], [], [])
    assert min(rendered(figure)) > 50
    assert texts(figure)[1:] == ["Strangest images: none beyond the threshold", "Nearest pairs: no duplicates found"]


def test_a_sheet_of_nothing_is_refused():
    with pytest.raises(CorpusError, match="has none"):
        audit_sheet([], [], [])


def test_names_with_dollar_signs_are_no_formulas():
    bad = "$\\x_{$"
    figure = audit_sheet([Strip(bad, images(3))], [Shown(images(1), bad)], [Shown(images(2), bad)])
    assert min(rendered(figure)) > 50
