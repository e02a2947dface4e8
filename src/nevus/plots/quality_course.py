"""The quality of generated images over the training, beside that of real ones."""

from __future__ import annotations

import math
from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nevus.contracts import Table, TrainingError
from nevus.plots.style import BLUE, GREY, VERMILION, literal, new_figure, tidy

_COLUMNS = 2
_DISTANCES = ("fid", "kid", "fd_", "kd_")  # beginnings of the names of metrics of which less is better


def quality_course(course: Table, floors: Mapping[str, float], *, images: int, name: str, chosen: int) -> Figure:
    """Draw one panel a metric: generated images over the training, real ones as a line.

    Args:
        course: `step`, and a column a metric, one row a look.
        floors: Of each metric, what as many other real images reach; a metric without one gets no line.
        images: Number of images behind each value, generated or real.
        name: Of the run, for the title.
        chosen: Step whose generator is kept; marked where there is a look at it.

    Returns:
        A figure of two panels a row.

    Raises:
        TrainingError: There is no metric or no look.
    """
    metrics = [str(column) for column in course.columns if column != "step" and course[column].notna().any()]
    if not metrics or "step" not in course:
        raise TrainingError(
            f"the quality over the training of '{name}' needs the column step and a metric beside it, but the table "
            f"holds {', '.join(map(str, course.columns)) or 'nothing'}. Look at how often quality is measured."
        )
    rows = math.ceil(len(metrics) / _COLUMNS)
    figure = new_figure(11, 0.7 + 2.9 * rows)
    figure.suptitle(f"Images that {name} generates, {images:,} at each look", x=0.01, ha="left", fontsize=13)
    panels = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for axes in panels[len(metrics) :]:
        axes.set_visible(False)
    for axes, metric in zip(panels, metrics, strict=False):
        _draw(axes, course, metric, floors.get(metric), chosen)
    return literal(figure)


def _draw(axes: Axes, course: Table, metric: str, floor: float | None, chosen: int) -> None:
    points = course[["step", metric]].dropna()
    axes.plot(points["step"], points[metric], "o-", color=BLUE, markersize=4, linewidth=1.6, label="generated")
    best = points[points["step"] == chosen]
    if len(best):
        axes.plot(best["step"], best[metric], "D", color=VERMILION, markersize=8, zorder=3, label="kept")
    if floor is not None:
        axes.axhline(floor, color=GREY, linewidth=1.2, linestyle="--", label="as many other real images")
    better = "lower is better" if metric.startswith(_DISTANCES) else "higher is better"
    tidy(axes, title=f"{metric}: {better}", xlabel="training step", ylabel=metric)
    axes.set_ylim(bottom=min(0.0, *points[metric], 0.0 if floor is None else floor))
    axes.legend(fontsize=9)
