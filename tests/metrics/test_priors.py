import numpy as np
import pytest

from nevus.metrics.priors import correct, estimate_by_confusion, estimate_by_em

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
def test_both_estimates_find_a_known_mixture(share):
    known, probabilities = mixture(share, 7000, 1)
    labels, held_out = mixture(0.5, 4000, 2)  # with fewer the table of mistakes is too coarse for 0.03
    assert estimate_by_em(probabilities, EQUAL)[1] == pytest.approx(known.mean(), abs=0.03)
    assert estimate_by_confusion(labels, held_out, probabilities)[1] == pytest.approx(known.mean(), abs=0.03)


def test_mistakes_are_allowed_for_where_probabilities_are_too_sure():
    """A classifier that exaggerates misleads the likelihood, not the table of its mistakes."""

    def exaggerate(probabilities):
        sure = probabilities**3
        return sure / sure.sum(axis=1, keepdims=True)

    _, probabilities = mixture(0.1, 7000, 1)
    labels, held_out = mixture(0.5, 4000, 2)
    by_confusion = estimate_by_confusion(labels, exaggerate(held_out), exaggerate(probabilities))
    assert by_confusion[1] == pytest.approx(0.1, abs=0.03)
    assert abs(estimate_by_em(exaggerate(probabilities), EQUAL)[1] - 0.1) > 0.03


def test_probabilities_are_corrected_by_the_ratio_of_the_priors():
    found = correct(np.array([[0.5, 0.5], [0.2, 0.8]]), EQUAL, np.array([0.9, 0.1]))
    np.testing.assert_allclose(found, [[0.9, 0.1], [0.18 / 0.26, 0.08 / 0.26]])
    probabilities = np.array([[0.3, 0.7], [0.6, 0.4]])
    there_and_back = correct(correct(probabilities, EQUAL, np.array([0.9, 0.1])), np.array([0.9, 0.1]), EQUAL)
    assert np.allclose(there_and_back, probabilities)


def test_a_class_that_was_never_held_out_is_said():
    with pytest.raises(ValueError, match="class 1 has no held-out image"):
        estimate_by_confusion(np.zeros(3, dtype=np.int64), np.full((3, 2), 0.5), np.full((4, 2), 0.5))
