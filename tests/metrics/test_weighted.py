import numpy as np
import pandas as pd
import pytest
from isic_challenge_scoring.metrics import auc_above_sensitivity
from sklearn import metrics

from nevus.metrics import weighted
from nevus.metrics.scores import METRICS, score
from nevus.metrics.weighted import weighted_scores


@pytest.fixture
def example():
    generator = np.random.default_rng(3)
    labels = generator.integers(0, 2, 80)
    probabilities = np.round(np.clip(0.3 * labels + generator.uniform(0, 0.7, 80), 0, 1), 2)  # with ties
    probabilities[:3] = [0.0, 0.5, 1.0]
    weights = generator.multinomial(80, np.full(80, 1 / 80), size=25)  # with zeros
    return labels, probabilities, weights


def isic(labels, probabilities, weights):
    columns = (pd.Series(column, dtype=float) for column in (labels, probabilities, weights))
    return auc_above_sensitivity(*columns, 0.8)


def best_specificity(labels, probabilities, weights, sensitivity):
    wrong, right, _ = metrics.roc_curve(labels, probabilities, sample_weight=weights, drop_intermediate=False)
    return 1 - wrong[right >= sensitivity].min()


def test_every_score_equals_that_of_scikit_learn_with_sample_weights(example):
    labels, probabilities, weights = example
    found = weighted_scores(labels, probabilities, weights, threshold=0.5, bins=10)
    called = probabilities > 0.5
    references = {
        "accuracy": lambda w: metrics.accuracy_score(labels, called, sample_weight=w),
        "balanced_accuracy": lambda w: metrics.balanced_accuracy_score(labels, called, sample_weight=w),
        "auc": lambda w: metrics.roc_auc_score(labels, probabilities, sample_weight=w),
        "average_precision": lambda w: metrics.average_precision_score(labels, probabilities, sample_weight=w),
        "sensitivity": lambda w: metrics.recall_score(labels, called, sample_weight=w),
        "specificity": lambda w: metrics.recall_score(labels, called, pos_label=0, sample_weight=w),
        "f1": lambda w: metrics.f1_score(labels, called, sample_weight=w),
        "mcc": lambda w: metrics.matthews_corrcoef(labels, called, sample_weight=w),
        "log_loss": lambda w: metrics.log_loss(labels, probabilities, sample_weight=w),
        "partial_auc": lambda w: isic(labels, probabilities, w),
        "specificity_at_90_sensitivity": lambda w: best_specificity(labels, probabilities, w, 0.9),
        "specificity_at_95_sensitivity": lambda w: best_specificity(labels, probabilities, w, 0.95),
        "sensitivity_at_90_specificity": lambda w: best_specificity(1 - labels, 1 - probabilities, w, 0.9),
        "brier": lambda w: metrics.brier_score_loss(labels, probabilities, sample_weight=w),
    }
    for name, reference in references.items():
        np.testing.assert_allclose(found[name], [reference(w) for w in weights], rtol=0, atol=1e-9, err_msg=name)


def test_integer_weights_equal_repeated_images(example):
    labels, probabilities, weights = example
    found = weighted_scores(labels, probabilities, weights, threshold=0.3, bins=7)
    for number, row in enumerate(weights):
        repeated = score(np.repeat(labels, row), np.repeat(probabilities, row), threshold=0.3, bins=7)
        for name in METRICS[:-1]:  # the bins of the adaptive calibration error stay where they are
            assert found[name][number] == pytest.approx(repeated[name], abs=1e-9), name


def test_results_do_not_depend_on_how_the_work_is_cut(example, monkeypatch):
    whole = weighted_scores(*example, threshold=0.5, bins=10)
    monkeypatch.setattr(weighted, "_BLOCK", 200)  # two replicates at a time
    pieces = weighted_scores(*example, threshold=0.5, bins=10)
    for name in METRICS:
        np.testing.assert_allclose(pieces[name], whole[name], rtol=0, atol=1e-12)
