"""Training curves: panels for what is known of some methods, and one for each other quantity that was logged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nevus.contracts import Table, TrainingError
from nevus.plots.style import BLUE, DASHES, GREEN, GREY, INK, ORANGE, PURPLE, VERMILION, literal, new_figure, tidy


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
            ("labeled_loss", "labelled", BLUE),
            ("unlabeled_loss", "unlabelled", VERMILION),
        ),
    ),
    _Panel(
        "Does the discriminator tell real from generated?",
        "mean D(x): probability of real",
        (("d_real", "D(real)", BLUE), ("d_fake", "D(generated)", VERMILION)),
        (0.5, "cannot tell"),
        True,
    ),
    _Panel(
        "Scores of the discriminator",
        "mean score",
        (("real_score", "real", BLUE), ("fake_score", "generated", VERMILION)),
    ),
    _Panel(
        "How often is a real image scored above a generated one?",
        "share of pairs",
        (("told_apart", "pairs", BLUE),),
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
SEEN, CHOOSING = "training_", "validation_"  # before the name of a metric
_NOT_DRAWN = ("step", "seconds")
_RAW_POINTS = 60  # longer histories are drawn pale, with a running mean on top


def curves(history: Table, *, name: str) -> Figure:
    """Draw what was logged while training; panels without data are left out.

    A quantity that no panel names gets one of its own, with a title made from the column's name.

    Args:
        history: `step` and numeric columns; NaN where a quantity was not logged at a step. `seconds` is not drawn.
        name: Of the run, for the title.

    Returns:
        A figure of two panels a row.

    Raises:
        TrainingError: If the history holds nothing to draw.
    """
    numbers = history.select_dtypes("number")
    logged = [str(column) for column in numbers.columns if numbers[column].notna().any()]
    panels = _panels_of([column for column in logged if column not in _NOT_DRAWN])
    if "step" not in logged or not panels:
        raise TrainingError(
            f"Curves of '{name}' need the column step and one quantity or more beside it, but the history holds "
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
    return literal(figure)


def _panels_of(logged: Sequence[str]) -> list[_Panel]:
    known = [panel for panel in _PANELS if any(column in logged for column, _, _ in panel.lines)]
    known += [_scores(column.removeprefix(CHOOSING)) for column in logged if column.startswith(CHOOSING)]
    named = {column for panel in known for column, _, _ in panel.lines}
    words = [(column, column.replace("_", " ").strip()) for column in logged if column not in named]
    return known + [_Panel(text[:1].upper() + text[1:], text, ((column, text, INK),)) for column, text in words]


def _scores(metric: str) -> _Panel:
    """A metric on the images that choose the step, beside the same on images that train."""
    lines = ((f"{SEEN}{metric}", "training images", BLUE), (f"{CHOOSING}{metric}", "validation images", VERMILION))
    words = metric.upper() if len(metric) <= 3 else metric.replace("_", " ").capitalize()
    return _Panel(words, words, lines, None, True)


def _draw(axes: Axes, panel: _Panel, history: Table, logged: Sequence[str]) -> None:
    lines = [line for line in panel.lines if line[0] in logged]
    for (column, legend, colour), dash in zip(lines, DASHES, strict=False):
        points = history[["step", column]].dropna()
        window = max(1, len(points) // 40)
        if len(points) > _RAW_POINTS:
            axes.plot(points["step"], points[column], color=colour, alpha=0.25, linewidth=0.7)
            points = points.assign(**{column: points[column].rolling(window, min_periods=1, center=True).mean()})
        axes.plot(points["step"], points[column], color=colour, linestyle=dash, linewidth=1.8, label=legend)
    if panel.level:
        axes.axhline(panel.level[0], color=GREY, linewidth=0.9, linestyle=":", label=panel.level[1])
    tidy(axes, title=panel.title, xlabel="training step", ylabel=panel.unit)
    if panel.unit_range:
        axes.set_ylim(-0.03, 1.03)
    if len(lines) > 1 or panel.level:
        axes.legend(fontsize=9)
