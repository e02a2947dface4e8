import numpy as np
import pandas as pd
import pytest

from nevus.contracts import CorpusError
from nevus.metrics.gan_trouble import Diversity, distances, diversity, troubles
from nevus.metrics.options import TroubleOptions

OPTIONS = TroubleOptions(least_diversity=0.5, told_apart=0.98, rows=3)
REAL = np.random.default_rng(0).normal(size=(200, 6))
LIKE_REAL = Diversity(0.95, 0.9)
FINE = pd.DataFrame({"told_apart": [0.7, 0.8, 0.75, 0.7]})


def test_distances_are_means_over_pairs_and_over_the_nearest():
    pairwise, nearest = distances(np.array([[0.0], [1.0], [3.0]]))
    assert pairwise == pytest.approx((1 + 3 + 2) / 3)
    assert nearest == pytest.approx((1 + 1 + 2) / 3)


def test_real_images_are_as_diverse_as_real_ones():
    found = diversity(np.random.default_rng(1).normal(size=(300, 6)), REAL)
    assert found.pairwise == pytest.approx(1, abs=0.1)
    assert found.nearest == pytest.approx(1, abs=0.1)


def test_images_that_are_all_alike_have_no_diversity():
    assert diversity(np.repeat(REAL[:1], 50, axis=0), REAL) == (0, 0)
    assert diversity(REAL * 0.3, REAL) == pytest.approx((0.3, 0.3))


def test_four_images_again_and_again_are_seen_though_their_pairs_differ():
    found = diversity(np.tile(REAL[:4], (50, 1)), REAL)
    assert found.pairwise > 0.5
    assert found.nearest == 0
    (said,) = troubles(FINE, found, OPTIONS)
    assert "mode collapse" in said


def test_a_discriminator_that_wins_is_seen_where_it_does_so_for_long():
    def said(*course):
        return troubles(pd.DataFrame({"told_apart": course}), LIKE_REAL, OPTIONS)

    assert said(0.6, 0.99, 1.0, 0.98)
    assert "discriminator has won" in said(1.0, 1.0, 1.0)[0]
    assert not said(1.0, 1.0, 0.9, 1.0, 1.0)
    assert not said(1.0, 1.0)


def test_a_training_that_goes_well_and_one_without_a_game_have_no_trouble():
    assert troubles(FINE, LIKE_REAL, OPTIONS) == []
    assert troubles(pd.DataFrame({"loss": [1.0]}), LIKE_REAL, OPTIONS) == []


def test_what_cannot_be_said_is_refused():
    with pytest.raises(CorpusError, match="two of each kind, but there are 1 generated and 200 real"):
        diversity(REAL[:1], REAL)
    with pytest.raises(CorpusError, match="copies among them"):
        diversity(REAL, np.ones((5, 6)))
