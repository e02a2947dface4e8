import numpy as np
import pytest

from nevus.plots.explanation import explanation
from tests.plots.rendering import rendered

IMAGE = np.full((16, 16, 3), 128, np.uint8)
HEAT = np.tile(np.linspace(0, 1, 16), (16, 1))
NEAR = [(np.full((8, 8, 3), 200, np.uint8), "nevus $x$\n0.013\nISIC_1")] * 3


@pytest.mark.parametrize("heat", [None, HEAT, np.zeros((16, 16))], ids=["none", "half", "dark"])
@pytest.mark.parametrize("near", [[], NEAR], ids=["alone", "near"])
def test_the_image_its_heat_and_its_like_are_shown(heat, near):
    figure = explanation(IMAGE, heat, near, called="nevus $x$")
    assert min(rendered(figure)) > 50
    shown = [axes for row in figure.subfigs for axes in row.axes]
    assert len(shown) == 1 + (heat is not None) + len(near)
    words = [axes.get_title(loc="left") for axes in shown] + [axes.get_xlabel() for axes in shown]
    assert words.count(NEAR[0][1]) == len(near)
    assert ("Brighter: more evidence for nevus $x$" in words) == (heat is not None)
