import numpy as np
import pandas as pd
import pytest
from isic_challenge_scoring.metrics import auc_above_sensitivity

from nevus.contracts import CorpusError
from nevus.metrics.classification import called
from nevus.metrics.scores import METRICS, score


def test_perfect_predictions_score_perfectly():
    labels = np.array([0, 0, 1, 1])
    scores = score(labels, labels.astype(float), threshold=0.5, bins=10)
    assert tuple(scores) == METRICS
    errors = {"brier", "log_loss", "calibration_error", "adaptive_calibration_error"}
    assert scores == pytest.approx({name: 0.0 if name in errors else 1.0 for name in METRICS})


def test_scores_agree_with_a_hand_computed_example():
    labels = np.array([0, 0, 0, 1, 1])
    scores = score(labels, np.array([0.1, 0.6, 0.3, 0.4, 0.9]), threshold=0.5, bins=2)
    assert scores["accuracy"] == pytest.approx(3 / 5)
    assert scores["sensitivity"] == pytest.approx(1 / 2)
    assert scores["specificity"] == pytest.approx(2 / 3)
    assert scores["balanced_accuracy"] == pytest.approx(7 / 12)
    assert scores["auc"] == pytest.approx(5 / 6)  # 5 of 6 pairs in order
    assert scores["average_precision"] == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert scores["brier"] == pytest.approx((0.01 + 0.36 + 0.09 + 0.36 + 0.01) / 5)
    assert scores["calibration_error"] == pytest.approx((abs(1 - 0.8) + abs(1 - 1.5)) / 5)
    assert scores["adaptive_calibration_error"] == pytest.approx((abs(1 - 0.8) + abs(1 - 1.5)) / 5)
    assert scores["f1"] == pytest.approx(2 * 1 / (2 + 2))
    assert scores["mcc"] == pytest.approx((1 * 2 - 1 * 1) / np.sqrt(2 * 2 * 3 * 3))
    assert scores["log_loss"] == pytest.approx(-np.log([0.9, 0.4, 0.7, 0.4, 0.9]).mean())
    assert scores["specificity_at_90_sensitivity"] == pytest.approx(2 / 3)  # above 0.3 both are found
    assert scores["sensitivity_at_90_specificity"] == pytest.approx(1 / 2)  # above 0.6 nobody is called wrongly
    # From sensitivity 0.8 at a false alarm in 3 on: flat at 1.
    assert scores["partial_auc"] == pytest.approx(2 / 3)


def test_a_probability_at_the_threshold_is_called_label_0():
    assert called(np.array([0.4, 0.5, 0.6]), 0.5).tolist() == [False, False, True]


def test_one_class_alone_cannot_be_scored():
    with pytest.raises(CorpusError, match="found 0 of class 0, 3 of class 1"):
        score(np.ones(3, dtype=int), np.full(3, 0.5), threshold=0.5, bins=10)


@pytest.mark.parametrize("call", [0.0, 1.0])
def test_calling_everybody_the_same_has_no_correlation_with_the_truth_and_scores_no_nan(call):
    scores = score(np.array([0, 0, 1]), np.full(3, call), threshold=0.5, bins=10)
    assert scores["mcc"] == 0.0
    assert scores["f1"] == (0.5 if call else 0.0)
    assert np.isfinite(list(scores.values())).all()


def test_chance_along_the_diagonal_has_the_partial_area_that_the_meaning_says():
    labels = np.tile([0, 1], 50_000)
    found = score(labels, np.random.default_rng(0).uniform(size=100_000), threshold=0.5, bins=10)
    assert found["partial_auc"] == pytest.approx(0.18, abs=0.005)
    assert found["specificity_at_95_sensitivity"] == pytest.approx(0.05, abs=0.005)


@pytest.mark.parametrize(("lift", "ties"), [(1.0, None), (0.0, 1), (3.0, 2)])
@pytest.mark.parametrize("count", [10, 45, 500])  # 80 % of 5 and of 25 melanomas are whole numbers
def test_the_partial_area_is_that_of_the_isic_challenges(lift, ties, count):
    generator = np.random.default_rng(count)
    labels = np.r_[np.ones(count // 2 + 5, dtype=int), np.zeros(count, dtype=int)]
    probabilities = 1 / (1 + np.exp(-generator.normal(lift * labels, 1)))
    probabilities = probabilities if ties is None else probabilities.round(ties)
    truth, given = pd.Series(labels, dtype=float), pd.Series(probabilities)
    reference = auc_above_sensitivity(truth, given, pd.Series(np.ones(len(labels))), 0.8)
    assert score(labels, probabilities, threshold=0.5, bins=10)["partial_auc"] == pytest.approx(reference, abs=1e-9)
