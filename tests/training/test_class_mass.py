"""Soft labels of the images drawn: as frequent as wanted, with as little change as possible."""

import numpy as np
import pytest

from nevus.training.class_mass import effective_number, shares_for
from nevus.training.sampling import weighted


def soft_labels(shares, count: int = 5000, sure: float = 4.0, seed: int = 0) -> np.ndarray:
    """What a good classifier says of images whose classes are this frequent."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(len(shares), size=count, p=shares)
    logits = rng.normal(size=(count, len(shares))) + sure * np.eye(len(shares))[labels]
    odds = np.exp(logits)
    return odds / odds.sum(axis=1, keepdims=True)


def bounds(*pairs):
    return np.array([low for low, _ in pairs]), np.array([high for _, high in pairs])


FREE = (0.0, 1.0)


@pytest.mark.parametrize(
    ("shares", "wanted"),
    [
        ((0.9, 0.1), bounds(FREE, (0.3, 0.5))),
        ((0.2, 0.8), bounds(FREE, (0.3, 0.5))),
        ((0.9, 0.1), bounds(FREE, (0.4, 0.4))),
        ((0.6, 0.25, 0.1, 0.05), bounds(*[(0.25, 0.25)] * 4)),
        ((0.6, 0.25, 0.1, 0.05), bounds(FREE, FREE, (0.3, 0.4), (0.1, 0.2))),
    ],
)
def test_the_mass_of_what_is_drawn_lies_within_its_bounds(shares, wanted):
    soft = soft_labels(shares)
    found = shares_for(soft, *wanted)
    assert found.sum() == pytest.approx(1)
    drawn = np.concatenate([weighted(found, step=step, batch=64, seed=0) for step in range(400)])
    for mass in (found @ soft, soft[drawn].mean(axis=0)):
        assert (mass >= wanted[0] - 0.01).all()
        assert (mass <= wanted[1] + 0.01).all()


def test_bounds_that_hold_by_themselves_change_nothing():
    soft = soft_labels((0.6, 0.4))
    np.testing.assert_allclose(shares_for(soft, *bounds(FREE, (0.3, 0.5))), 1 / len(soft), rtol=1e-6)


def test_only_the_nearer_bound_is_gone_to():
    soft = soft_labels((0.9, 0.1))
    assert (shares_for(soft, *bounds(FREE, (0.3, 0.5))) @ soft)[1] == pytest.approx(0.3, abs=1e-3)


def test_images_that_say_the_same_are_drawn_alike_and_more_of_the_class_more_often():
    soft = np.array([[0.9, 0.1]] * 8 + [[0.2, 0.8]] * 2)
    found = shares_for(soft, *bounds(FREE, (0.5, 0.5)))
    # s of the mass on the two: 0.1 (1 - s) + 0.8 s = 0.5
    np.testing.assert_allclose(found, [(3 / 7) / 8] * 8 + [(4 / 7) / 2] * 2, rtol=1e-3)
    assert effective_number(found) == pytest.approx(1 / (8 * (3 / 56) ** 2 + 2 * (2 / 7) ** 2), rel=1e-3)


@pytest.mark.parametrize("low", [0.5, 0.9])
def test_what_no_draw_can_do_goes_as_far_as_it_may_and_not_to_one_image_alone(low):
    rng = np.random.default_rng(0)
    second = rng.uniform(0.1, 0.3, 1000)
    soft = np.stack([1 - second, second], axis=1)
    found = shares_for(soft, *bounds(FREE, (low, 1.0)))
    assert soft.mean(axis=0)[1] < (found @ soft)[1] < 0.3
    assert effective_number(found) > 100


def test_soft_labels_that_are_all_the_same_are_drawn_alike():
    soft = np.full((50, 2), 0.5)
    np.testing.assert_allclose(shares_for(soft, *bounds(FREE, (0.1, 0.2))), 1 / 50)
