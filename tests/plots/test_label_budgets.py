import pandas as pd
import pytest

from nevus.plots.label_budgets import label_budgets
from tests.plots.rendering import rendered


def test_every_series_has_its_mean_over_the_seeds_at_each_number_of_labels():
    rows = [
        (series, role, labeled, metric, seed, 0.6 + 0.1 * seed)
        for series, role in (("supervised", "method"), ("$\\x_{$", "method"), ("plain", "baseline"), ("svm", "floor"))
        for labeled in (20, 200)
        for metric in ("auc", "accuracy")
        for seed in range(2)
    ]
    scores = pd.DataFrame(rows, columns=["series", "role", "labeled", "metric", "seed", "value"])
    figure = label_budgets(scores, {"auc": "AUC", "accuracy": "Accuracy"})
    assert min(rendered(figure)) > 100
    handles, labels = figure.axes[0].get_legend_handles_labels()
    assert labels == ["supervised", "$\\x_{$", "plain (baseline)", "svm (floor)"]
    assert handles[0][0].get_ydata().tolist() == pytest.approx([0.65, 0.65])
