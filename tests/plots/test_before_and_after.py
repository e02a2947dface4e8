import numpy as np

from nevus.metrics.calibration import reliability_table
from nevus.plots.before_and_after import before_and_after
from tests.plots.rendering import rendered


def test_both_curves_share_one_square_also_where_bins_are_empty():
    labels = np.array([0, 1, 1, 0, 1, 0, 1, 1])
    before, after = (
        reliability_table(labels, np.array(said), bins=10, confidence=0.95)
        for said in ([0.01, 0.99, 0.98, 0.05, 0.99, 0.9, 0.2, 0.97], [0.3, 0.7, 0.7, 0.4, 0.8, 0.6, 0.5, 0.7])
    )
    figure = before_and_after(before, after, question="$x$", confidence=0.95)
    assert min(rendered(figure)) > 100
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == [
        "as it should be",
        "before",
        "after",
    ]
