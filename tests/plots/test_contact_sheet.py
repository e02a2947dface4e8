import numpy as np
import pytest

from nevus.contracts import CorpusError
from nevus.plots.contact_sheet import contact_sheet
from tests.plots.rendering import rendered


def test_a_contact_sheet_has_a_panel_for_each_class_with_images():
    pixels = np.zeros((12, 8, 8, 3), np.uint8)
    figure = contact_sheet(pixels, np.zeros(12, dtype=int))
    assert min(rendered(figure)) > 50
    assert [axes.get_title() for axes in figure.axes] == ["benign: 12 of 12 images"]


def test_a_contact_sheet_of_many_images_shows_some_of_each_class_from_first_to_last():
    pixels = np.zeros((50, 4, 4, 3), np.uint8)
    pixels[:] = np.arange(50)[:, None, None, None]
    figure = contact_sheet(pixels, np.arange(50) % 2, columns=3, rows=2)
    assert [axes.get_title() for axes in figure.axes] == ["benign: 6 of 25 images", "melanoma: 6 of 25 images"]
    melanoma = figure.axes[1].images[0].get_array()
    assert (melanoma[0, 0, 0], melanoma[-1, -1, 0]) == (1, 49)


def test_a_contact_sheet_of_nothing_is_refused():
    with pytest.raises(CorpusError, match="has none"):
        contact_sheet(np.zeros((0, 8, 8, 3), np.uint8), np.zeros(0, dtype=int))


def test_names_with_dollar_signs_are_no_formulas():
    pixels = np.zeros((2, 8, 8, 3), np.uint8)
    figure = contact_sheet(pixels, np.arange(2), classes=["$\\x_{$", "cost $x^$ y"], title="$\\x$")
    assert min(rendered(figure)) > 50
