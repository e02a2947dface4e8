import numpy as np
import pytest

from nevus.contracts import TrainingError
from nevus.plots.interpolation import interpolation
from tests.plots.rendering import rendered

WAYS = np.arange(3 * 5, dtype=np.uint8).reshape(3, 5, 1, 1, 1) * np.ones((1, 1, 6, 6, 3), dtype=np.uint8)


def test_each_row_is_a_way_from_one_end_to_the_other():
    figure = interpolation(WAYS, ends=[("nevus", "melanoma"), ("$\\x_{$", "b"), ("c", "d")], title="Class morphs")
    assert min(rendered(figure)) > 50
    (axes,) = figure.axes
    sheet = axes.images[0].get_array()
    assert sheet.shape == (3 * 8 - 2, 5 * 8 - 2, 3)
    assert [int(sheet[row * 8, column * 8, 0]) for row in range(3) for column in (0, 4)] == [0, 4, 5, 9, 10, 14]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["nevus", "$\\x_{$", "c"]


def test_ways_need_no_names():
    assert interpolation(WAYS, ends=None, title="x").axes[0].get_yticks().size == 0


@pytest.mark.parametrize(("ways", "ends"), [(WAYS[:, :1], None), (WAYS, [("a", "b")]), (WAYS[:0], None)])
def test_what_is_no_way_is_refused(ways, ends):
    with pytest.raises(TrainingError, match="rows of two images or more"):
        interpolation(ways, ends=ends, title="x")
