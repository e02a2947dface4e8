"""Labels that spread on features."""

import numpy as np
import pytest

from nevus.training.spreading import spread_labels

OPTIONS = {"classes": 3, "neighbours": 5, "alpha": 0.5}


def clouds(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features of three kinds of images that point three ways."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    return (4 * np.eye(3)[labels] + rng.normal(0, 0.5, (count, 3))).astype(np.float32), labels


def test_a_label_of_each_kind_reaches_all_images_of_its_kind():
    features, labels = clouds(303)
    found = spread_labels(features[:3], labels[:3], features[3:], **OPTIONS)
    assert found.shape == (300, 3)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert (found.argmax(axis=1) == labels[3:]).mean() > 0.98


def test_images_that_no_label_reaches_are_of_the_usual_shares():
    labeled = np.array([[1, 0.1], [1, 0], [1, -0.1], [0.9, 0.05]], dtype=np.float32)
    far = -labeled  # four of another kind without any label
    found = spread_labels(labeled, np.array([0, 0, 0, 1]), far, classes=2, neighbours=3, alpha=0.5)
    np.testing.assert_allclose(found, [[0.75, 0.25]] * 4)


@pytest.mark.parametrize("neighbours", [1, 5, 1000])
def test_more_neighbours_than_images_are_all_images(neighbours):
    features, labels = clouds(12)
    found = spread_labels(features[:6], labels[:6], features[6:], **{**OPTIONS, "neighbours": neighbours})
    assert np.isfinite(found).all()


def test_the_callers_features_stay_as_they_are():
    features, labels = clouds(30)
    before = features.copy()
    spread_labels(features[:6], labels[:6], features[6:], **OPTIONS)
    np.testing.assert_array_equal(features, before)
