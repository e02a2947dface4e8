"""Training curves, one panel for each quantity that the history holds."""

from __future__ import annotations

from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nevus.contracts import Table, TrainingError
from nevus.plots.style import BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILION, new_figure, tidy


class _Panel(NamedTuple):
    title: str
    unit: str
    lines: tuple[tuple[str, str, str], ...]  # column, legend, colour
    level: tuple[float, str] | None = None  # a line worth comparing with
    unit_range: bool = False


_PANELS = (
    _Panel(
        "Losses",
        "loss (nats)",
        (
            ("labeled_loss", "labelled: which class?", BLUE),
            ("unlabeled_loss", "unlabelled: real or generated?", VERMILION),
        ),
    ),
    _Panel(
        "Does the discriminator tell real from generated?",
        "mean D(x): probability of real",
        (("d_real", "D(real)", BLUE), ("d_fake", "D(generated)", VERMILION)),
        (0.5, "cannot tell"),
        True,
    ),
    _Panel("How far generated features are from real ones", "distance", (("feature_distance", "features", GREEN),)),
    _Panel("What the generator minimises", "loss", (("generator_loss", "generator", ORANGE),)),
    _Panel(
        "Accuracy on its own training labels (not a test result)",
        "share right",
        (("labeled_accuracy", "labelled training images", PURPLE),),
        None,
        True,
    ),
    _Panel("Learning rate", "learning rate", (("learning_rate", "learning rate", GREY),)),
)
_RAW_POINTS = 60  # longer histories are drawn pale, with a running mean on top


def curves(history: Table, *, name: str) -> Figure:
    """Draw what was logged while training; panels without data are left out.

    Args:
        history: `step` and numeric columns; NaN where a quantity was not logged at a step.
        name: Of the run, for the title.

    Returns:
        A figure of two panels a row.

    Raises:
        TrainingError: If the history holds nothing to draw.
    """
    logged = {column for column in history.columns if history[column].notna().any()}
    panels = [panel for panel in _PANELS if any(column in logged for column, _, _ in panel.lines)]
    if "step" not in logged or not panels:
        known = ", ".join(column for panel in _PANELS for column, _, _ in panel.lines)
        raise TrainingError(
            f"Curves of '{name}' need the column step and one of {known}, but the history holds "
            f"{', '.join(sorted(logged)) or 'no values'}. Look at what the training loop logs."
        )
    rows = (len(panels) + 1) // 2
    figure = new_figure(11, 0.6 + 2.9 * rows)
    figure.suptitle(f"Training of {name}", x=0.01, ha="left", fontsize=13)
    grid = figure.subplots(rows, 2, squeeze=False).ravel()
    for axes, panel in zip(grid, panels, strict=False):
        _draw(axes, panel, history, logged)
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    return figure


def _draw(axes: Axes, panel: _Panel, history: Table, logged: set[str]) -> None:
    lines = [line for line in panel.lines if line[0] in logged]
    for column, legend, colour in lines:
        points = history[["step", column]].dropna()
        window = max(1, len(points) // 40)
        if len(points) > _RAW_POINTS:
            axes.plot(points["step"], points[column], color=colour, alpha=0.25, linewidth=0.7)
            points = points.assign(**{column: points[column].rolling(window, min_periods=1, center=True).mean()})
        axes.plot(points["step"], points[column], color=colour, linewidth=1.8, label=legend)
    if panel.level:
        axes.axhline(panel.level[0], color=GREY, linewidth=0.9, linestyle=":", label=panel.level[1])
    tidy(axes, title=panel.title, xlabel="training step", ylabel=panel.unit)
    if panel.unit_range:
        axes.set_ylim(-0.03, 1.03)
    if len(lines) > 1 or panel.level:
        axes.legend(fontsize=9)
