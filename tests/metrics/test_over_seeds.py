import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from nevus.metrics.intervals import Estimate, estimate, paired_difference, resample
from nevus.metrics.over_seeds import difference_over_seeds, estimate_over_seeds, mean_areas, spread

HOW = {"threshold": 0.5, "bins": 10}


@pytest.fixture(scope="module")
def images():
    """Labels, lesions of two images each, and resampled test sets."""
    labels = np.repeat(np.tile([0, 1], 30), 2)
    groups = np.repeat([f"lesion-{number}" for number in range(60)], 2).astype(object)
    return labels, resample(labels, groups, replicates=300, seed=0)


def trainings(labels, *, count, seed=0, digits=1):
    """Probabilities with many ties."""
    generator = np.random.default_rng(seed)
    return np.clip(generator.normal(0.4 + 0.2 * labels, 0.2, (count, len(labels))), 0, 1).round(digits)


def test_the_mean_area_is_that_of_each_training_averaged(images):
    labels, weights = images
    found = mean_areas(labels, trainings(labels, count=3), weights[:5])
    each = [
        [roc_auc_score(labels, one, sample_weight=row) for one in trainings(labels, count=3)] for row in weights[:5]
    ]
    assert found == pytest.approx(np.mean(each, axis=1), abs=1e-12)


def test_many_pairs_are_taken_in_parts(images, monkeypatch):
    labels, weights = images
    whole = mean_areas(labels, trainings(labels, count=2), weights)
    monkeypatch.setattr("nevus.metrics.over_seeds._BLOCK", 200)
    assert mean_areas(labels, trainings(labels, count=2), weights) == pytest.approx(whole, abs=1e-12)


def test_with_several_classes_it_is_the_mean_over_the_classes():
    labels = np.arange(120) % 3
    probabilities = np.random.default_rng(1).dirichlet([1, 1, 1], (2, 120))
    ones = np.ones((1, 120), dtype=np.uint16)
    each = [roc_auc_score(labels, one, multi_class="ovr") for one in probabilities]
    assert mean_areas(labels, probabilities, ones)[0] == pytest.approx(np.mean(each), abs=1e-12)


@pytest.mark.parametrize("metric", ["auc", "accuracy", "brier"])
def test_one_seed_gives_what_a_report_gives(images, metric):
    labels, weights = images
    (one,) = trainings(labels, count=1)
    found = estimate_over_seeds(labels, one[None], weights, metric=metric, **HOW)
    wanted = estimate(labels, one, weights, **HOW)[metric]
    assert found.value == pytest.approx(wanted.value, abs=1e-12)
    assert found.replicates == pytest.approx(wanted.replicates, abs=1e-12)


def test_the_two_errors_are_those_of_images_and_of_seeds():
    replicates = np.array([0.1, 0.3, 0.2])
    found = spread(replicates, np.array([0.1, 0.2, 0.3, 0.2]))
    assert found.images == pytest.approx(0.1)
    assert found.seeds == pytest.approx(np.std([0.1, 0.2, 0.3, 0.2], ddof=1) / 2)
    assert found.both == pytest.approx(np.hypot(found.images, found.seeds))
    alone = spread(replicates, np.array([0.2]))
    assert np.isnan(alone.seeds)
    assert alone.both == alone.images


def test_a_difference_is_paired_by_the_resampled_test_sets(images):
    labels, weights = images
    probabilities = trainings(labels, count=4)
    one, other = (estimate_over_seeds(labels, part, weights, metric="auc") for part in np.split(probabilities, 2))
    found, errors = difference_over_seeds(one, other, np.array([0.01, 0.03]), confidence=0.95)
    assert found == paired_difference(one, other, confidence=0.95)
    assert errors.images == pytest.approx(np.std(one.replicates - other.replicates, ddof=1))
    assert difference_over_seeds(one, one, np.zeros(2), confidence=0.95)[0] == (0, 0, 0, 1)


def test_further_seeds_narrow_nothing_of_what_the_images_leave_open():
    replicates = Estimate(0.8, np.array([0.7, 0.9]))
    assert spread(replicates.replicates, np.full(50, 0.8)).images == pytest.approx(np.std([0.7, 0.9], ddof=1))
