import numpy as np
import pytest

from nevus.metrics.calibration import adaptive_bins, bin_index, calibration_error, reliability_table


def test_bins_are_open_below_and_closed_above_and_zero_joins_the_first():
    assert bin_index(np.array([0.0, 0.05, 0.1, 0.100001, 0.3, 1.0]), 10).tolist() == [0, 0, 0, 1, 2, 9]


def test_adaptive_bins_hold_equally_many_and_never_part_what_is_tied():
    probabilities = np.random.default_rng(0).beta(1, 20, 1000)
    assert np.bincount(adaptive_bins(probabilities, 10)).tolist() == [100] * 10
    assert adaptive_bins(np.array([0.1, 0.1, 0.1, 0.9]), 2).tolist() == [0, 0, 0, 1]
    assert adaptive_bins(np.full(5, 0.5), 10).tolist() == [0] * 5


def test_frequencies_equal_to_probabilities_have_no_calibration_error():
    labels = np.array([0, 0, 0, 1, 0, 1, 1, 1])
    probabilities = np.array([0.25] * 4 + [0.75] * 4)
    assert calibration_error(labels, probabilities, bins=10) == pytest.approx(0.0, abs=1e-12)


def test_a_constant_overestimate_is_the_calibration_error():
    labels = np.array([0, 1] * 50)
    assert calibration_error(labels, np.full(100, 0.8), bins=15) == pytest.approx(0.3)


def test_the_calibration_error_weighs_bins_by_their_size():
    labels = np.array([0, 0, 0, 1])
    assert calibration_error(labels, np.array([0.2, 0.2, 0.2, 0.9]), bins=2) == pytest.approx((3 * 0.2 + 0.1) / 4)


def test_the_reliability_table_skips_empty_bins_and_its_gaps_sum_to_the_calibration_error():
    generator = np.random.default_rng(0)
    probabilities = generator.uniform(0.0, 0.6, 500)
    labels = (generator.uniform(size=500) < probabilities**0.5).astype(int)
    table = reliability_table(labels, probabilities, bins=10, confidence=0.95)
    assert len(table) == 6
    assert table["count"].sum() == 500
    gap = (table["observed"] - table["predicted"]).abs()
    expected = calibration_error(labels, probabilities, bins=10)
    assert (gap * table["count"]).sum() / 500 == pytest.approx(expected)
    assert ((table["low"] <= table["observed"]) & (table["observed"] <= table["high"])).all()


def test_the_wilson_interval_of_no_success_in_ten_ends_at_its_known_value():
    table = reliability_table(np.zeros(10), np.full(10, 0.05), bins=1, confidence=0.95)
    assert table.loc[0, "low"] == pytest.approx(0.0, abs=1e-12)
    assert table.loc[0, "high"] == pytest.approx(3.841459 / (10 + 3.841459), abs=1e-6)  # z^2 / (n + z^2)
