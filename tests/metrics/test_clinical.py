import numpy as np
import pytest
from sklearn import metrics

from nevus.metrics.clinical import net_benefit, predictive_values, rates_above
from nevus.metrics.priors import correct, threshold_before


def test_a_test_that_finds_nine_in_ten_is_mostly_wrong_where_one_in_fifty_is_ill():
    positive, negative = predictive_values(np.array(0.9), np.array(0.9), 0.02)
    assert positive == pytest.approx(18 / (18 + 98))
    assert negative == pytest.approx(882 / (882 + 2))


def test_at_equal_shares_predictive_values_are_those_of_the_test_set():
    labels, called = np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.array([0, 0, 0, 1, 0, 1, 1, 1])
    positive, negative = predictive_values(np.array([3 / 4]), np.array([3 / 4]), 0.5)
    assert positive[0] == metrics.precision_score(labels, called)
    assert negative[0] == metrics.precision_score(1 - labels, 1 - called)


def test_who_calls_nobody_has_no_positive_predictive_value():
    positive, negative = predictive_values(np.array([0.0]), np.array([1.0]), 0.02)
    assert np.isnan(positive[0])
    assert negative[0] == pytest.approx(0.98)


def test_calling_everybody_is_worth_nothing_from_the_prevalence_on():
    thresholds = np.array([0.0, 0.1, 0.2])
    benefit = net_benefit(np.ones(3), np.ones(3), thresholds, 0.1)
    assert benefit == pytest.approx([0.1, 0.0, 0.1 - 0.9 * 0.2 / 0.8])


def test_calling_nobody_is_worth_nothing_and_calling_rightly_is_worth_the_prevalence():
    thresholds = np.linspace(0, 0.9, 5)
    assert net_benefit(np.zeros(5), np.zeros(5), thresholds, 0.3) == pytest.approx(np.zeros(5))
    assert net_benefit(np.ones(5), np.zeros(5), thresholds, 0.3) == pytest.approx(np.full(5, 0.3))


def test_rates_are_those_of_images_drawn_so_often():
    generator = np.random.default_rng(0)
    labels, probabilities = generator.integers(0, 2, 50), generator.uniform(size=50).round(1)
    weights, thresholds = generator.integers(0, 3, (4, 50)), np.array([0.2, 0.5])
    true_rate, false_rate = rates_above(labels, probabilities, weights, thresholds)
    for row, drawn in enumerate(weights):
        for column, threshold in enumerate(thresholds):
            called = probabilities > threshold
            assert true_rate[row, column] == pytest.approx(metrics.recall_score(labels, called, sample_weight=drawn))
            specificity = metrics.recall_score(labels, called, pos_label=0, sample_weight=drawn)
            assert false_rate[row, column] == pytest.approx(1 - specificity)


def test_a_threshold_before_the_correction_calls_those_that_the_corrected_probabilities_call():
    probabilities = np.random.default_rng(0).uniform(size=1000)
    both = correct(np.column_stack([1 - probabilities, probabilities]), np.array([0.5, 0.5]), np.array([0.98, 0.02]))
    thresholds = np.array([0.0, 0.01, 0.05, 0.3, 1.0])
    for threshold, before in zip(thresholds, threshold_before(thresholds, 0.5, 0.02), strict=True):
        np.testing.assert_array_equal(both[:, 1] > threshold, probabilities > before)
