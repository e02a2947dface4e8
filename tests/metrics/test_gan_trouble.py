import numpy as np
import pandas as pd
import pytest

from nevus.contracts import CorpusError
from nevus.metrics.gan_trouble import diversity, pairwise_distance, troubles
from nevus.metrics.options import TroubleOptions

OPTIONS = TroubleOptions(least_diversity=0.5, told_apart=0.98, rows=3)
REAL = np.random.default_rng(0).normal(size=(200, 6))
FINE = pd.DataFrame({"told_apart": [0.7, 0.8, 0.75, 0.7]})


def test_the_distance_of_pairs_is_their_mean():
    assert pairwise_distance(np.array([[0.0], [1.0], [3.0]])) == pytest.approx((1 + 3 + 2) / 3)


def test_images_that_are_all_alike_have_no_diversity():
    assert diversity(np.repeat(REAL[:1], 50, axis=0), REAL) == 0
    assert diversity(np.random.default_rng(1).normal(size=(200, 6)), REAL) == pytest.approx(1, abs=0.05)
    assert diversity(REAL * 0.3, REAL) == pytest.approx(0.3)


def test_few_modes_are_seen():
    modes = np.repeat(REAL[:2] * 0.2, 50, axis=0)
    (said,) = troubles(FINE, diversity(modes, REAL), OPTIONS)
    assert "alike" in said


def test_a_discriminator_that_wins_is_seen_where_it_does_so_for_long():
    def said(*course):
        return troubles(pd.DataFrame({"told_apart": course}), 1.0, OPTIONS)

    assert said(0.6, 0.99, 1.0, 0.98)
    assert "discriminator has won" in said(1.0, 1.0, 1.0)[0]
    assert not said(1.0, 1.0, 0.9, 1.0, 1.0)
    assert not said(1.0, 1.0)


def test_a_training_that_goes_well_and_one_without_a_game_have_no_trouble():
    assert troubles(FINE, 0.9, OPTIONS) == []
    assert troubles(pd.DataFrame({"loss": [1.0]}), 0.9, OPTIONS) == []


def test_what_cannot_be_said_is_refused():
    with pytest.raises(CorpusError, match="needs two"):
        pairwise_distance(REAL[:1])
    with pytest.raises(CorpusError, match="all real images"):
        diversity(REAL, np.ones((5, 6)))
