"""Held-out scores along the training."""

from matplotlib.figure import Figure

from nevus.contracts import Table


def cross_validation(scores: Table) -> Figure:
    """One axes a score, one line a method: the mean over the folds, with a band of one standard error.

    Args:
        scores: `method`, `repeat`, `fold`, `step`, `accuracy`, `auc`; one row a look at a held-out fold.
    """
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    panels = figure.subplots(1, 2, sharex=True)
    for axes, column, title in zip(panels, ["accuracy", "auc"], ["Accuracy", "Area under the ROC curve"], strict=True):
        for method, rows in scores.groupby("method", sort=False):
            steps = rows.groupby("step")[column].agg(["mean", "sem"])
            axes.plot(steps.index, steps["mean"], marker="o", markersize=3, label=str(method))
            axes.fill_between(steps.index, steps["mean"] - steps["sem"], steps["mean"] + steps["sem"], alpha=0.2)
        axes.set_title(f"{title} of held-out labelled images")
        axes.set_xlabel("training step")
        axes.grid(alpha=0.3)
    panels[0].legend()
    return figure
