"""Prediction sets hold the truth as often as asked."""

import sys

import numpy as np
import pytest

from nevus.contracts import CorpusError, NevusError
from nevus.metrics import conformal
from nevus.metrics.conformal import coverage_table, prediction_sets

pytest.importorskip("mapie")


def drawn(images: int, classes: int, seed: int):
    """Labels drawn by the probabilities."""
    generator = np.random.default_rng(seed)
    odds = np.exp(generator.normal(scale=1.5, size=(images, classes)))
    probabilities = odds / odds.sum(axis=1, keepdims=True)
    return np.array([generator.choice(classes, p=row) for row in probabilities]), probabilities


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("coverage", [0.8, 0.9])
def test_the_truth_is_in_the_sets_of_new_images_as_often_as_asked(classes, coverage):
    labels, probabilities = drawn(3000, classes, 0)
    truth, new = drawn(3000, classes, 1)
    sets = prediction_sets(labels, probabilities, new, coverage=coverage)
    assert sets[np.arange(3000), truth].mean() == pytest.approx(coverage, abs=0.025)
    assert (sets.sum(axis=1) != 1).any()


def test_without_mapie_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "mapie", None)
    monkeypatch.setattr(conformal, "find_spec", lambda name: None)
    with pytest.raises(NevusError, match=r"nevus\[conformal\].*calibration\.coverage to null"):
        prediction_sets(*drawn(100, 2, 0), np.full((1, 2), 0.5), coverage=0.9)


def test_a_coverage_that_so_few_images_cannot_promise_is_refused():
    with pytest.raises(
        CorpusError, match=r"coverage of 0\.99 need 99 out-of-fold predictions or more, but there are 98"
    ):
        prediction_sets(*drawn(98, 2, 0), np.full((1, 2), 0.5), coverage=0.99)


def test_the_table_counts_right_wrong_several_and_none_by_class():
    labels = np.array([0, 0, 0, 1, 1])
    sets = np.array([[1, 0], [0, 1], [1, 1], [0, 1], [0, 0]], dtype=bool)
    weights = np.array([[1, 1, 1, 1, 1], [2, 1, 0, 2, 0]], dtype=np.uint16)
    table = coverage_table(labels, sets, weights, classes=("a", "b"), confidence=0.9).set_index("class")
    assert table["images"].tolist() == [5, 3, 2]
    assert table["coverage"].tolist() == pytest.approx([3 / 5, 2 / 3, 1 / 2])
    assert table.loc["all", ["right", "wrong", "several", "none"]].tolist() == pytest.approx([0.4, 0.2, 0.2, 0.2])
    assert 3 / 5 <= table.loc["all", "low"] <= table.loc["all", "high"] <= 4 / 5
