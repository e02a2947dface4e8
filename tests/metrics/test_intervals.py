import time

import numpy as np
import pytest

from nevus.contracts import CorpusError
from nevus.metrics import weighted
from nevus.metrics.bands import precision_recall_band, roc_band
from nevus.metrics.intervals import Estimate, estimate, paired_difference, resample
from nevus.metrics.scores import METRICS

ALONE = np.full(600, None)


def predictions(count, lift, seed):
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    return labels, 1 / (1 + np.exp(-generator.normal(lift * (labels - 0.5), 1.0)))


def test_images_of_one_lesion_are_drawn_together():
    labels = np.array([0, 0, 0, 1, 1, 1])
    groups = np.array(["a", "a", None, "b", "b", None], dtype=object)
    weights = resample(labels, groups, replicates=50, seed=0)
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 3] == weights[:, 4]).all()
    assert (weights[:, 0] != weights[:, 2]).any()


def test_images_without_a_lesion_id_are_drawn_one_by_one_and_keep_the_class_counts():
    labels = np.array([0] * 5 + [1] * 3)
    weights = resample(labels, np.full(8, np.nan), replicates=200, seed=1)
    assert (weights[:, :5].sum(axis=1) == 5).all()
    assert (weights[:, 5:].sum(axis=1) == 3).all()
    assert weights.max() > 1


def test_both_classes_are_in_every_replicate_even_with_mixed_patients():
    labels = np.array([0, 0, 0, 0, 1])
    groups = np.array(["p", "q", "r", "s", "s"])  # the one melanoma is in a patient with a benign image
    weights = resample(labels, groups, replicates=300, seed=2)
    assert (weights[:, labels == 1].sum(axis=1) > 0).all()
    assert (weights[:, labels == 0].sum(axis=1) > 0).all()


def test_patients_of_many_mixed_classes_vary_and_the_interval_covers_the_truth():
    """Forty patients with six images of seven classes each: strata of equal mixtures would be drawn as they are."""
    generator = np.random.default_rng(0)
    truth, covered = 0.7, []
    for trial in range(60):
        labels = generator.permutation(np.arange(240) % 7)
        skill = np.repeat(np.clip(generator.normal(truth, 0.25, 40), 0, 1), 6)
        right = generator.random(240) < skill
        patients = np.repeat(np.arange(40), 6)
        weights = resample(labels, patients, replicates=300, seed=trial)
        drawn = (weights * right).sum(axis=1) / weights.sum(axis=1)
        low, high = np.quantile(drawn, [0.025, 0.975])
        covered.append(low <= np.clip(generator.normal(truth, 0.25, 10**5), 0, 1).mean() <= high)
        assert all((weights[:, labels == label].sum(axis=1) > 0).all() for label in range(7))
    assert weights[:, ::6].std(axis=0).min() > 0.5  # no patient is drawn once in every replicate
    assert np.mean(covered) > 0.85


def test_the_same_seed_draws_the_same_test_sets_and_another_seed_others():
    labels, _ = predictions(600, 1.0, 0)
    first = resample(labels, ALONE, replicates=10, seed=5)
    assert (first == resample(labels, ALONE, replicates=10, seed=5)).all()
    assert (first != resample(labels, ALONE, replicates=10, seed=6)).any()


def test_one_class_alone_is_refused():
    with pytest.raises(CorpusError, match="every class, but found 4 of class 0, 0 of class 1"):
        resample(np.zeros(4, dtype=int), np.full(4, None), replicates=10, seed=0)


def test_the_interval_of_sensitivity_is_the_binomial_one():
    labels = np.array([1] * 200 + [0] * 200)
    probabilities = np.where(np.arange(400) % 200 < 160, 0.9, 0.1)  # 160 of 200 melanomas found
    weights = resample(labels, np.full(400, None), replicates=4000, seed=0)
    found = estimate(labels, probabilities, weights, threshold=0.5, bins=10)["sensitivity"]
    half_width = 1.96 * np.sqrt(0.8 * 0.2 / 200)
    assert found.value == pytest.approx(0.8)
    assert found.interval(0.95) == pytest.approx((0.8 - half_width, 0.8 + half_width), abs=0.01)


def test_two_images_of_each_lesion_widen_the_interval_by_the_square_root_of_two():
    labels, probabilities = predictions(600, 1.0, 0)
    doubled, twice = np.repeat(labels, 2), np.repeat(probabilities, 2)
    lesions = np.repeat(np.arange(600), 2)

    def width(groups):
        weights = resample(doubled, groups, replicates=2000, seed=0)
        low, high = estimate(doubled, twice, weights, threshold=0.5, bins=10)["auc"].interval(0.95)
        return high - low

    assert width(lesions) / width(np.full(1200, None)) == pytest.approx(np.sqrt(2), rel=0.1)


def test_two_thousand_replicates_of_all_metrics_take_seconds_not_minutes():
    labels, probabilities = predictions(600, 1.0, 0)
    started = time.process_time()
    weights = resample(labels, ALONE, replicates=2000, seed=0)
    found = estimate(labels, probabilities, weights, threshold=0.5, bins=15)
    assert set(found) == set(METRICS)
    assert time.process_time() - started < 30  # about half a second; a loop over replicates takes a minute


def test_a_method_does_not_differ_from_itself():
    labels, probabilities = predictions(600, 1.0, 0)
    weights = resample(labels, ALONE, replicates=200, seed=0)
    found = estimate(labels, probabilities, weights, threshold=0.5, bins=10)["auc"]
    assert paired_difference(found, found, confidence=0.95) == (0.0, 0.0, 0.0, 1.0)


def test_a_clear_difference_has_the_smallest_p_value_and_a_sign():
    labels, strong = predictions(600, 4.0, 0)
    _, weak = predictions(600, 0.5, 1)
    weights = resample(labels, ALONE, replicates=199, seed=0)
    both = [estimate(labels, p, weights, threshold=0.5, bins=10)["auc"] for p in (strong, weak)]
    forward = paired_difference(both[0], both[1], confidence=0.95)
    backward = paired_difference(both[1], both[0], confidence=0.95)
    assert forward.p_value == backward.p_value == pytest.approx(2 / 200)
    assert 0 < forward.low < forward.value < forward.high
    assert backward.value == pytest.approx(-forward.value)


def test_the_p_value_is_twice_the_smaller_tail_and_agrees_with_the_interval():
    replicates = np.arange(-4, 95) / 100  # 99 replicates, 5 of them at or below 0
    result = paired_difference(Estimate(0.4, replicates), Estimate(0.0, np.zeros(99)), confidence=0.95)
    assert result.p_value == pytest.approx(2 * 6 / 100)
    assert result.low < 0 < result.high


def test_replicates_of_different_draws_are_not_compared():
    with pytest.raises(CorpusError, match="same resampled test sets"):
        paired_difference(Estimate(0.5, np.zeros(10)), Estimate(0.5, np.zeros(20)), confidence=0.95)


def test_draws_and_roc_band_are_the_same_bit_for_bit_however_the_work_is_cut(monkeypatch):
    labels, probabilities = predictions(600, 1.5, 0)
    labels[0] = 2  # in a class of its own, so that replicates are drawn anew
    grid = np.linspace(0, 1, 21)

    def drawn():
        weights = resample(labels, np.arange(600) // 3, replicates=60, seed=0)
        return weights, *roc_band(labels == 1, probabilities, weights, grid=grid, confidence=0.95)

    whole = drawn()
    monkeypatch.setattr(weighted, "_BLOCK", 4_000)  # six replicates at a time, or one
    for first, second in zip(whole, drawn(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_the_roc_band_holds_the_curve_between_its_bounds():
    labels, probabilities = predictions(600, 1.5, 0)
    weights = resample(labels, ALONE, replicates=300, seed=0)
    grid = np.linspace(0, 1, 21)
    low, high = roc_band(labels, probabilities, weights, grid=grid, confidence=0.95)
    benign = np.sort(probabilities[labels == 0])[::-1]
    curve = [(probabilities[labels == 1] > benign[int(rate * 300) - 1]).mean() for rate in grid[1:-1]]
    assert (low[1:-1] <= np.array(curve)).all()
    assert (high[1:-1] >= np.array(curve)).all()
    assert low[-1] == high[-1] == 1.0
    assert ((low >= 0) & (high <= 1) & (low <= high)).all()


def test_the_band_of_precision_holds_the_curve_and_ends_at_the_prevalence():
    labels, probabilities = predictions(600, 1.5, 0)
    weights = resample(labels, ALONE, replicates=300, seed=0)
    grid = np.linspace(0.05, 1, 20)
    low, high = precision_recall_band(labels, probabilities, weights, grid=grid, confidence=0.95)
    ranked = labels[np.argsort(-probabilities)]
    reached = np.searchsorted(ranked.cumsum(), np.ceil(grid * 300 - 1e-9))
    curve = ranked.cumsum()[reached] / (reached + 1)
    assert ((low <= curve) & (curve <= high)).all()
    assert high[-1] < 0.75  # the last melanoma comes among the last images
