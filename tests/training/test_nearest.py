"""Images that are alike in the features of networks."""

import numpy as np

from nevus.training import nearest as module
from nevus.training.nearest import nearest

FEATURES = np.array([[1, 0], [0, 2], [3, 3], [-1, 0]], dtype=np.float32)


def test_the_nearest_point_the_same_way_however_long_they_are():
    found = nearest([FEATURES], [np.array([5, 0.1], dtype=np.float32)], count=3)
    assert found.rows.tolist() == [0, 2, 1]
    np.testing.assert_allclose(found.distances[:2], [0, 1 - np.sqrt(0.5)], atol=0.02)


def test_the_typical_distance_is_that_to_the_nearest_other_image(monkeypatch):
    want = np.median([1 - np.sqrt(0.5), 1 - np.sqrt(0.5), 1 - np.sqrt(0.5), 1])
    for block in (512, 3, 1):
        monkeypatch.setattr(module, "BLOCK", block)
        np.testing.assert_allclose(nearest([FEATURES], [FEATURES[0]], count=1).typical, want, rtol=1e-6)


def test_several_networks_count_by_the_mean_of_their_distances():
    one, two = (
        nearest([FEATURES], [FEATURES[0]], count=4),
        nearest([FEATURES, FEATURES[::-1]], [FEATURES[0]] * 2, count=4),
    )
    assert set(one.rows.tolist()) == set(two.rows.tolist()) == {0, 1, 2, 3}
    np.testing.assert_allclose(two.distances.mean(), one.distances.mean(), rtol=1e-6)
    assert not np.allclose(two.distances, one.distances)


def test_few_images_and_features_of_nothing_are_no_fault():
    alone = nearest([FEATURES[:1]], [FEATURES[0]], count=5)
    assert alone.rows.tolist() == [0]
    assert np.isnan(alone.typical)
    assert np.isfinite(nearest([np.zeros((3, 2), np.float32)], [FEATURES[0]], count=2).distances).all()
