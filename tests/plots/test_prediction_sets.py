import pandas as pd

from nevus.metrics.conformal import COVERAGE_COLUMNS
from nevus.plots.prediction_sets import no_prediction_sets, prediction_sets
from tests.plots.rendering import rendered


def test_the_bars_name_images_and_coverage_and_leave_small_shares_without_a_number():
    rows = [("all", 600, 0.93, 0.91, 0.95, 0.6, 0.07, 0.31, 0.02), ("$mel$", 300, 0.9, 0.86, 0.93, 0.5, 0.1, 0.4, 0.0)]
    figure = prediction_sets(pd.DataFrame(rows, columns=list(COVERAGE_COLUMNS)), wanted=0.9, confidence=0.95)
    assert min(rendered(figure)) > 50
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert "93.0% (91.0% to 95.0%)" in texts
    assert "2%" not in texts and "31%" in texts
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["all (600)", "$mel$ (300)"]


def test_where_none_were_asked_for_the_figure_says_so():
    assert min(rendered(no_prediction_sets())) > 20
