"""Held-out scores along the training."""

from matplotlib.figure import Figure

from nevus.contracts import Table
from nevus.plots.style import literal, new_figure, series, tidy


def cross_validation(scores: Table) -> Figure:
    """One axes a score, one line a method: the mean over the folds, with a band of one standard error.

    Args:
        scores: `method`, `repeat`, `fold`, `step`, `accuracy`, `auc`; one row a look at a held-out fold.
    """
    figure = new_figure(9, 3.6)
    panels = figure.subplots(1, 2, sharex=True)
    for axes, column, title in zip(panels, ["accuracy", "auc"], ["Accuracy", "Area under the ROC curve"], strict=True):
        for number, (method, rows) in enumerate(scores.groupby("method", sort=False)):
            steps = rows.groupby("step")[column].agg(["mean", "sem"])
            low, high = steps["mean"] - steps["sem"], steps["mean"] + steps["sem"]
            look = series(number)
            axes.plot(steps.index, steps["mean"], **look, marker="o", markersize=3, label=str(method))
            axes.fill_between(steps.index, low, high, color=look["color"], alpha=0.2, linewidth=0)
        tidy(axes, title=f"{title} of held-out labelled images", xlabel="training step")
    panels[0].legend()
    return literal(figure)
