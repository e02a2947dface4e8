"""What a search over parameters has reached."""

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter

from nevus.contracts import Table
from nevus.plots.style import BLUE, GREY, VERMILION, literal, new_figure, tidy

_COLUMNS = 3


def search(trials: Table, parameters: Mapping[str, str], *, heading: str) -> Figure:
    """Draw the best score so far over the trials, and the score over each parameter, one axes each.

    Args:
        trials: Those that are done: `trial`, a column a parameter, `mean`, and `standard_error`, which may be missing.
        parameters: Their names, with the scale of each: "linear", "log", or "values" for what is no range.
        heading: Of the score.
    """
    rows = math.ceil((1 + len(parameters)) / _COLUMNS)
    columns = min(_COLUMNS, 1 + len(parameters))
    figure = new_figure(4.2 * columns, 3.6 * rows)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in panels[1 + len(parameters) :]:
        axes.set_axis_off()
    trials = trials.sort_values("trial")
    panels[0].step(trials["trial"], trials["mean"].cummax(), where="post", color=VERMILION, label="best so far")
    _points(panels[0], trials["trial"].tolist(), trials)
    panels[0].xaxis.set_major_locator(MaxNLocator(integer=True))
    panels[0].legend(frameon=False, loc="lower right")
    tidy(panels[0], title=f"{heading}, ± one standard error", xlabel="trial", ylabel=heading)
    for axes, (name, scale) in zip(panels[1:], parameters.items(), strict=False):
        values = trials[name].tolist()
        if scale == "values":
            labels = list(dict.fromkeys(values))
            values = [labels.index(value) for value in values]
            axes.set_xticks(range(len(labels)), labels)
            axes.set_xlim(-0.5, len(labels) - 0.5)
        elif scale == "log":
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter("{x:g}")  # powers would be formulas
            axes.xaxis.set_minor_formatter(NullFormatter())
        _points(axes, values, trials)
        tidy(axes, xlabel=name, ylabel=heading)
    return literal(figure)


def _points(axes: Axes, positions: Sequence[float], trials: Table) -> None:
    """Every trial with its error, and the best of them in another colour."""
    means, errors = trials["mean"].tolist(), trials["standard_error"].fillna(0.0).tolist()
    axes.errorbar(positions, means, yerr=errors, fmt="o", color=BLUE, ecolor=GREY, markersize=4, elinewidth=0.8)
    best = means.index(max(means))
    axes.plot([positions[best]], [means[best]], "o", color=VERMILION, markersize=6, zorder=3)
