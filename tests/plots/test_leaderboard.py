import numpy as np
import pytest

from nevus.contracts import CorpusError
from nevus.plots.label_budgets import no_budgets
from nevus.plots.leaderboard import Line, Panel, leaderboard
from tests.plots.rendering import rendered

BEST = Line("transfer $x$", "method", 0.9, 0.85, 0.93, (0.89, 0.91))
FLOOR = Line("colour SVM (floor)", "floor", 0.8, np.nan, np.nan, ())


def test_the_best_stands_at_the_top_and_every_seed_is_a_dot():
    figure = leaderboard([Panel("moles", [BEST, FLOOR])], metric="AUC", confidence=0.95)
    rendered(figure)
    (axes,) = figure.axes
    bottom, top = axes.get_ylim()
    assert top < 0 < 1 < bottom
    dots = [line.get_xdata().tolist() for line in axes.lines if line.get_marker() == "."]
    assert dots == [[0.89, 0.91], []]
    assert "95% interval" in axes.get_xlabel()


def test_roles_differ_by_their_mark_not_by_colour_alone():
    lines = [BEST._replace(role=role) for role in ("method", "part", "baseline", "floor")]
    figure = leaderboard([Panel("moles", lines)], metric="AUC", confidence=0.95)
    marks = [line.get_marker() for line in figure.legends[0].get_lines()]
    assert len(set(marks)) == 4


def test_it_grows_with_the_methods():
    few, many = (leaderboard([Panel("moles", [BEST] * count)], metric="AUC", confidence=0.9) for count in (2, 20))
    assert many.get_figheight() > few.get_figheight() + 4


def test_nothing_to_draw_is_refused():
    with pytest.raises(CorpusError, match="needs a method"):
        leaderboard([], metric="AUC", confidence=0.95)


def test_that_there_are_no_budgets_yet_is_said():
    figure = no_budgets()
    rendered(figure)
    assert "kedro sweep" in figure.texts[0].get_text()
