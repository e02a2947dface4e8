import numpy as np
import pytest

from nevus.metrics.priors import correct, estimate_by_em

EQUAL = np.array([0.5, 0.5])
APART = 2.0  # standard deviations: an AUC of 0.92


def mixture(share: float, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and what the best classifier for equal classes says of draws from two normal distributions."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(count) < share).astype(np.int64)
    values = rng.normal(labels * APART, 1.0)
    odds = np.exp(APART * values - APART**2 / 2)
    return labels, np.stack([1 / (1 + odds), odds / (1 + odds)], axis=1)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9])
def test_the_shares_of_a_known_mixture_are_found(share):
    known, probabilities = mixture(share, 7000, 1)
    assert estimate_by_em(probabilities, EQUAL)[1] == pytest.approx(known.mean(), abs=0.03)


def test_a_classifier_that_exaggerates_misleads_the_estimate():
    _, probabilities = mixture(0.1, 7000, 1)
    sure = probabilities**3
    assert abs(estimate_by_em(sure / sure.sum(axis=1, keepdims=True), EQUAL)[1] - 0.1) > 0.03


def test_probabilities_are_corrected_by_the_ratio_of_the_priors():
    found = correct(np.array([[0.5, 0.5], [0.2, 0.8]]), EQUAL, np.array([0.9, 0.1]))
    np.testing.assert_allclose(found, [[0.9, 0.1], [0.18 / 0.26, 0.08 / 0.26]])
    probabilities = np.array([[0.3, 0.7], [0.6, 0.4]])
    there_and_back = correct(correct(probabilities, EQUAL, np.array([0.9, 0.1])), np.array([0.9, 0.1]), EQUAL)
    assert np.allclose(there_and_back, probabilities)
