"""Scores of methods over the number of labelled images."""

from collections.abc import Mapping

from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from nevus.contracts import Table
from nevus.plots.style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, VERMILION, literal, new_figure, tidy

_COLOURS = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, INK)
_DASHES = {"method": "-", "baseline": "--", "floor": ":"}
_MARKERS = "osD^vPX"  # with the colours, 42 series that can be told apart


def label_budgets(scores: Table, headings: Mapping[str, str]) -> Figure:
    """Draw one axes a metric and one line a series: the mean over the seeds, with their standard deviation.

    Args:
        scores: `series`, `role` ("method", "baseline", dashed, or "floor", dotted), `labeled` (images), `metric`,
            `seed`, `value`.
        headings: Of the metrics to draw, by their names.
    """
    metrics = [metric for metric in headings if metric in set(scores["metric"])]
    figure = new_figure(5.2 * len(metrics), 4.6)
    panels = figure.subplots(1, len(metrics), squeeze=False)[0]
    found = dict.fromkeys(zip(scores["series"], scores["role"], strict=True))
    series = sorted(found, key=lambda one: list(_DASHES).index(one[1]))  # as they come within a role
    for axes, metric in zip(panels, metrics, strict=True):
        for number, (name, role) in enumerate(series):
            rows = scores[(scores["series"] == name) & (scores["role"] == role) & (scores["metric"] == metric)]
            # A floor or a baseline is the same in several runs of a seed: it counts once.
            by_seed = rows.groupby(["labeled", "seed"])["value"].mean()
            means = by_seed.groupby("labeled").agg(["mean", "std"])
            axes.errorbar(
                means.index,
                means["mean"],
                yerr=means["std"].fillna(0.0),
                color=GREY if role == "floor" else _COLOURS[number % len(_COLOURS)],
                linestyle=_DASHES[role],
                marker=_MARKERS[number % len(_MARKERS)],
                markersize=4,
                capsize=2,
                label=name if role == "method" else f"{name} ({role})",
            )
        tidy(axes, title=f"{headings[metric]}, mean ± standard deviation over seeds", xlabel="labelled images")
        axes.set_xscale("log")
        axes.set_xticks(sorted(set(scores["labeled"])), [f"{count:g}" for count in sorted(set(scores["labeled"]))])
        axes.xaxis.set_minor_locator(NullLocator())
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    return literal(figure)


def no_budgets() -> Figure:
    """Say that there is nothing to draw yet, and how there would be."""
    figure = new_figure(7.0, 1.4)
    said = "No method was trained with two label budgets yet.\nkedro sweep --budgets=5,20,100 --pipelines=METHOD"
    figure.text(0.5, 0.5, said, ha="center", va="center", color=INK)
    return literal(figure)
