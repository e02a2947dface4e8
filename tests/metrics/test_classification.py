import numpy as np
import pytest

from nevus.contracts import CorpusError
from nevus.metrics.classification import METRICS, called, score


def test_perfect_predictions_score_perfectly():
    labels = np.array([0, 0, 1, 1])
    scores = score(labels, labels.astype(float), threshold=0.5, bins=10)
    assert tuple(scores) == METRICS
    errors = {"brier", "calibration_error"}
    assert all(scores[name] == (0.0 if name in errors else 1.0) for name in METRICS)


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


def test_a_probability_at_the_threshold_is_called_label_0():
    assert called(np.array([0.4, 0.5, 0.6]), 0.5).tolist() == [False, False, True]


def test_one_class_alone_cannot_be_scored():
    with pytest.raises(CorpusError, match="found 0 of class 0, 3 of class 1"):
        score(np.ones(3, dtype=int), np.full(3, 0.5), threshold=0.5, bins=10)
