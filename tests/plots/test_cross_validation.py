import pandas as pd
import pytest

from nevus.plots.cross_validation import cross_validation
from tests.plots.rendering import rendered


def test_every_method_has_a_line_of_its_own_over_the_steps():
    rows = [
        (method, 0, fold, step, 0.6 + 0.1 * fold, 0.7)
        for method in ("supervised", "$\\x_{$")
        for fold in range(2)
        for step in (10, 20)
    ]
    figure = cross_validation(pd.DataFrame(rows, columns=["method", "repeat", "fold", "step", "accuracy", "auc"]))
    assert min(rendered(figure)) > 100
    assert [line.get_label() for line in figure.axes[0].lines] == ["supervised", "$\\x_{$"]
    assert figure.axes[0].lines[0].get_ydata().tolist() == pytest.approx([0.65, 0.65])
