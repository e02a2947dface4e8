import pandas as pd
import pytest

from nevus.plots.search import search

TRIALS = pd.DataFrame(
    {
        "trial": [2, 0, 1, 4],
        "rate": [1e-3, 1e-4, 1e-2, 2e-3],
        "augment": ["weak", "strong", "weak", "none"],
        "mean": [0.9, 0.7, 0.6, 0.8],
        "standard_error": [0.02, 0.01, None, 0.03],
    }
)


def test_the_best_so_far_rises_over_the_trials():
    figure = search(TRIALS, {"rate": "log"}, heading="AUC")
    line = figure.axes[0].lines[0]
    assert list(line.get_xdata()) == [0, 1, 2, 4]
    assert list(line.get_ydata()) == [0.7, 0.7, 0.9, 0.9]


def test_every_parameter_has_axes_on_its_scale_with_the_score_of_each_trial():
    figure = search(TRIALS, {"rate": "log", "augment": "values"}, heading="AUC")
    _, rate, augment = figure.axes
    assert (rate.get_xlabel(), rate.get_xscale()) == ("rate", "log")
    points = rate.containers[0].lines[0]
    assert dict(zip(points.get_xdata(), points.get_ydata(), strict=True)) == pytest.approx(
        dict(zip(TRIALS["rate"], TRIALS["mean"], strict=True))
    )
    assert [text.get_text() for text in augment.get_xticklabels()] == ["strong", "weak", "none"]
    assert list(augment.containers[0].lines[0].get_xdata()) == [0, 1, 1, 2]


def test_many_parameters_fill_rows_and_the_rest_is_empty():
    names = [f"part{number}" for number in range(4)]
    table = TRIALS.assign(**{name: [1.0, 2.0, 3.0, 4.0] for name in names})
    figure = search(table, dict.fromkeys(names, "linear"), heading="AUC")
    assert [axes.axison for axes in figure.axes] == [True] * 5 + [False]
