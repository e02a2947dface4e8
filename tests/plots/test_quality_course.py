import pandas as pd
import pytest

from nevus.contracts import TrainingError
from nevus.plots.quality_course import quality_course
from tests.plots.rendering import rendered

COURSE = pd.DataFrame({"step": [100, 200, 300], "fd_lite0": [90.0, 40.0, 50.0], "coverage_lite0": [0.1, 0.5, None]})


def test_each_metric_has_a_panel_that_says_which_way_is_better_and_shows_the_floor_and_what_is_kept():
    figure = quality_course(COURSE, {"fd_lite0": 12.0}, images=500, name="dcgan", chosen=200)
    assert min(rendered(figure)) > 100
    distance, coverage = figure.axes
    assert distance.get_title(loc="left") == "fd_lite0: lower is better"
    assert coverage.get_title(loc="left") == "coverage_lite0: higher is better"
    said = [[text.get_text() for text in axes.get_legend().get_texts()] for axes in figure.axes]
    assert said == [["generated", "kept", "as many other real images"], ["generated", "kept"]]
    assert list(distance.lines[1].get_ydata()) == [40.0]
    assert list(distance.lines[2].get_ydata()) == [12.0, 12.0]
    assert "500 at each look" in figure.get_suptitle()


def test_a_kernel_distance_below_zero_is_seen():
    course = pd.DataFrame({"step": [1, 2], "kid": [0.1, -0.01]})
    (axes, other) = quality_course(course, {"kid": -0.02}, images=9, name="x", chosen=2).axes
    assert axes.get_ylim()[0] <= -0.02
    assert not other.get_visible()


@pytest.mark.parametrize("course", [pd.DataFrame({"step": [1]}), pd.DataFrame({"step": [1], "kid": [None]})])
def test_a_training_at_which_nobody_looked_is_refused(course):
    with pytest.raises(TrainingError, match="needs the column step and a metric"):
        quality_course(course, {}, images=9, name="x", chosen=1)
