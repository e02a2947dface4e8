from nevus.plots.ladder import ladder
from tests.plots.rendering import rendered


def test_every_rung_has_its_name_its_interval_and_what_it_adds():
    rows = [
        {"name": "colours", "auc": 0.8, "low": 0.7, "high": 0.85, "step": ""},
        {"name": "$\\x_{$", "auc": 0.9, "low": 0.85, "high": 0.95, "step": "+0.10"},
    ]
    figure = ladder(rows, confidence=0.95)
    assert min(rendered(figure)) > 50
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["colours", "$\\x_{$"]
    assert "+0.10" in [text.get_text() for text in axes.texts]
    assert [list(line.get_xdata()) for line in axes.lines[1::2]] == [[0.7, 0.85], [0.85, 0.95]]
