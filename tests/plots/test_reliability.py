import numpy as np
import pandas as pd

from nevus.plots.reliability import reliability
from tests.plots.rendering import rendered

CLASSES = ("benign", "melanoma")


def test_the_reliability_diagram_puts_each_bin_at_its_mean_probability():
    table = pd.DataFrame(
        {
            "start": [0.0, 0.8],
            "end": [0.2, 1.0],
            "count": [30, 10],
            "predicted": [0.12, 0.9],
            "observed": [0.0, 0.7],
            "low": [1e-17, 0.4],  # above the observed by a rounding error
            "high": [0.1, 0.9],
        }
    )
    figure = reliability(table, classes=CLASSES, name="net", error=0.2, confidence=0.95)
    assert min(rendered(figure)) > 100
    above, below = figure.axes
    assert "0.200" in above.get_title(loc="left")
    np.testing.assert_allclose(above.lines[1].get_xydata(), [[0.12, 0.0], [0.9, 0.7]])
    assert below.get_xlabel() == "predicted probability of melanoma"
    assert [bar.get_height() for bar in below.patches] == [30, 10]


def test_of_many_classes_the_likeliest_is_shown():
    columns = ["start", "end", "count", "predicted", "observed", "low", "high"]
    table = pd.DataFrame([[0.4, 0.6, 10, 0.5, 0.6, 0.4, 0.8]], columns=columns)
    figure = reliability(table, classes=("a", "b", "c"), name="net", error=0.1, confidence=0.95)
    assert [axes.get_xlabel() for axes in figure.axes] == ["", "predicted probability of the likeliest class"]


def test_names_with_dollar_signs_are_no_formulas():
    columns = ["start", "end", "count", "predicted", "observed", "low", "high"]
    table = pd.DataFrame([[0.4, 0.6, 10, 0.5, 0.6, 0.4, 0.8]], columns=columns)
    bad = "$\\x_{$"
    figure = reliability(table, classes=(bad, bad), name=bad, error=0.1, confidence=0.95)
    assert min(rendered(figure)) > 100
