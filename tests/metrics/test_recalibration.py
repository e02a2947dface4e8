"""Calibration: known temperatures come back, and nonsense is refused."""

import json

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression

from nevus.contracts import CorpusError
from nevus.metrics.recalibration import fit_isotonic, fit_temperature, recalibrated, softened


def softmax(logits):
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.79])
def test_logits_scaled_by_a_known_temperature_give_it_back(classes, temperature):
    """Every image comes once with each label, which counts as much as the label is probable."""
    logits = np.random.default_rng(0).normal(size=(50, classes))
    true, scaled = softmax(logits), softmax(logits * temperature)
    labels = np.tile(np.arange(classes), len(logits))

    found = fit_temperature(labels, np.repeat(scaled, classes, axis=0), weights=true.ravel())

    assert found["temperature"] == pytest.approx(temperature, rel=1e-4)
    np.testing.assert_allclose(recalibrated(scaled, json.loads(json.dumps(found))), true, atol=1e-4)


class Says(ClassifierMixin, BaseEstimator):
    """A classifier whose input is what it says: logits."""

    def fit(self, X, y):  # noqa: N803
        self.classes_ = np.unique(y)
        return self

    def decision_function(self, X):  # noqa: N803
        return X

    def predict(self, X):  # noqa: N803
        return X.argmax(axis=1)


def test_scikit_learn_finds_the_same_temperature():
    generator = np.random.default_rng(1)
    logits = generator.normal(size=(400, 3))
    labels = np.array([generator.choice(3, p=row) for row in softmax(logits)])
    theirs = CalibratedClassifierCV(FrozenEstimator(Says().fit(logits, labels)), method="temperature")
    wanted = theirs.fit(5 * logits, labels).predict_proba(5 * logits)

    found = fit_temperature(labels, softmax(5 * logits))

    np.testing.assert_allclose(recalibrated(softmax(5 * logits), found), wanted, atol=1e-4)


def test_a_temperature_moves_no_image_past_another_and_bears_certainty():
    probabilities = np.array([[1.0, 0.0], [0.3, 0.7], [0.6, 0.4], [0.0, 1.0]])
    soft = softened(probabilities, 4.0)
    assert soft[:, 1].argsort().tolist() == probabilities[:, 1].argsort(kind="stable").tolist()
    assert np.isfinite(soft).all()
    np.testing.assert_allclose(soft.sum(axis=1), 1)
    np.testing.assert_allclose(softened(probabilities[1:3], 1.0), probabilities[1:3])
    found = fit_temperature(np.array([0, 1, 0, 1]), probabilities)
    assert np.isfinite(found["temperature"])


def test_isotonic_calibration_says_what_scikit_learn_says_without_it():
    generator = np.random.default_rng(2)
    score = generator.uniform(size=300)
    labels = (generator.uniform(size=300) < score**2).astype(int)
    probabilities = np.stack([1 - score, score], axis=1)
    theirs = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(score, labels)
    new = np.array([-0.0, 0.01, 0.2, 0.55, 0.9, 1.0])

    found = json.loads(json.dumps(fit_isotonic(labels, probabilities)))

    of_second = recalibrated(np.stack([1 - new, new], axis=1), found)
    np.testing.assert_allclose(of_second[:, 1], theirs.predict(new), atol=1e-6)
    np.testing.assert_allclose(of_second.sum(axis=1), 1, atol=1e-6)


def test_an_image_that_counts_twice_is_as_two_images():
    probabilities = np.array([[0.8, 0.2], [0.3, 0.7], [0.4, 0.6]])
    labels, twice = np.array([0, 1, 0]), [0, 1, 2, 2]
    for fit in (fit_temperature, fit_isotonic):
        weighted, repeated = fit(labels, probabilities, np.array([1, 1, 2])), fit(labels[twice], probabilities[twice])
        for name, value in weighted.items():
            assert name == "kind" or value == pytest.approx(repeated[name], rel=1e-4)


@pytest.mark.parametrize("fit", [fit_temperature, fit_isotonic])
def test_one_class_only_and_what_is_no_probability_are_refused(fit):
    fine = np.array([[0.8, 0.2], [0.3, 0.7]])
    with pytest.raises(CorpusError, match="none of class 1 among 2 out-of-fold predictions"):
        fit(np.array([0, 0]), fine)
    for wrong in (np.nan, 1.5, -0.1):
        with pytest.raises(CorpusError, match="those of 1 images do not, or are no numbers"):
            fit(np.array([0, 1]), np.array([[0.8, 0.2], [0.3, wrong]]))


def test_isotonic_calibration_of_three_classes_points_to_a_temperature():
    with pytest.raises(CorpusError, match=r"calibration\.method to temperature"):
        fit_isotonic(np.array([0, 1, 2]), np.full((3, 3), 1 / 3))


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="found 'platt'"):
        recalibrated(np.full((1, 2), 0.5), {"kind": "platt"})
