import numpy as np
import pytest

from nevus.metrics.movement import movement


@pytest.fixture
def colours() -> tuple[np.ndarray, np.ndarray]:
    """Two classes that lie 4 apart in the first feature and not at all in the second."""
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 2
    found = rng.normal(size=(400, 2))
    found -= np.stack([found[labels == label].mean(axis=0) for label in (0, 1)])[labels]
    found[:, 0] += 4 * labels
    return found, labels


def test_no_change_moves_nothing(colours):
    before, labels = colours
    assert movement(before, before, labels) == (0, 0)


def test_a_change_by_the_distance_of_the_classes_moves_by_one(colours):
    before, labels = colours
    assert movement(before, before + np.array([4, 0]), labels) == pytest.approx((1, 1), abs=0.01)
    assert movement(before, before + np.array([2, 0]), labels) == pytest.approx((0.5, 0.5), abs=0.01)


def test_ways_to_both_sides_move_but_do_not_shift(colours):
    before, labels = colours
    sides = np.where(np.arange(400) % 4 < 2, 4, -4)
    moved, shifted = movement(before, before + np.stack([sides, np.zeros(400)], axis=1), labels)
    assert moved == pytest.approx(1, abs=0.01)
    assert shifted == pytest.approx(0, abs=0.01)


def test_what_tells_no_class_apart_does_not_count(colours):
    before, labels = colours
    assert movement(before, before + np.array([0, 9]), labels).moved == pytest.approx(0, abs=0.1)


def test_units_of_the_features_do_not_matter(colours):
    before, labels = colours
    after = before + np.random.default_rng(1).normal(size=before.shape)
    scale = np.array([1000, 0.01])
    assert movement(before * scale, after * scale, labels).moved == pytest.approx(
        movement(before, after, labels).moved, rel=0.05
    )


def test_three_classes_have_two_directions():
    rng = np.random.default_rng(0)
    labels = np.arange(900) % 3
    corners = np.array([[0, 0, 0], [6, 0, 0], [3, 27**0.5, 0]])  # 6 apart from one another
    before = rng.normal(size=(900, 3)) + corners[labels]
    for way in ([6, 0, 0], [0, 6, 0]):
        assert movement(before, before + way, labels).moved == pytest.approx(1, abs=0.05)
    assert movement(before, before + np.array([0, 0, 6]), labels).moved < 0.1
