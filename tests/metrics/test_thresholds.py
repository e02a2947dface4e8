import numpy as np
import pytest
from sklearn import metrics

from nevus.contracts import CorpusError
from nevus.metrics.classification import called
from nevus.metrics.thresholds import choose_threshold

LABELS = np.array([0, 0, 0, 1, 0, 1, 1, 1])
PROBABILITIES = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])


def test_classes_that_lie_apart_are_parted_halfway():
    labels, probabilities = np.array([0, 0, 1, 1]), np.array([0.1, 0.3, 0.7, 0.9])
    for chosen in (
        {"rule": "youden"},
        {"rule": "sensitivity", "sensitivity": 1},
        {"rule": "cost_ratio", "cost_ratio": 1},
    ):
        assert choose_threshold(labels, probabilities, **chosen) == pytest.approx(0.5)


def test_youden_takes_the_point_farthest_above_the_diagonal():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, 300)
    probabilities = np.clip(0.2 * labels + generator.uniform(0, 0.8, 300), 0, 1)
    wrong, right, _ = metrics.roc_curve(labels, probabilities)
    decided = called(probabilities, choose_threshold(labels, probabilities, "youden"))
    reached = metrics.recall_score(labels, decided) + metrics.recall_score(labels, decided, pos_label=0) - 1
    assert reached == pytest.approx((right - wrong).max())


def test_of_equally_good_thresholds_the_one_that_misses_the_least_is_taken():
    # Above 0.35: 4 of 4 found, 1 of 4 false alarms; above 0.55: 3 of 4 and none.
    assert choose_threshold(LABELS, PROBABILITIES, "youden") == pytest.approx(0.35)


@pytest.mark.parametrize(
    ("sensitivity", "expected"), [(1.0, 0.35), (0.76, 0.35), (0.75, 0.55), (0.5, 0.65), (0.1, 0.75)]
)
def test_a_fixed_sensitivity_is_reached_by_the_highest_threshold_that_does(sensitivity, expected):
    assert choose_threshold(LABELS, PROBABILITIES, "sensitivity", sensitivity=sensitivity) == pytest.approx(expected)


@pytest.mark.parametrize(("cost_ratio", "expected"), [(0.5, 0.55), (10, 0.35)])
def test_the_dearer_a_missed_image_the_lower_the_threshold(cost_ratio, expected):
    assert choose_threshold(LABELS, PROBABILITIES, "cost_ratio", cost_ratio=cost_ratio) == pytest.approx(expected)


def test_the_costs_of_calibrated_probabilities_are_least_where_elkan_says():
    generator = np.random.default_rng(1)
    probabilities = generator.uniform(size=200_000)
    labels = (generator.uniform(size=200_000) < probabilities).astype(int)
    assert choose_threshold(labels, probabilities, "cost_ratio", cost_ratio=4) == pytest.approx(1 / 5, abs=0.02)


def test_where_nothing_lies_between_two_probabilities_they_are_still_parted():
    probabilities = np.array([0.5, np.nextafter(0.5, 1)])
    labels = np.array([0, 1])
    assert called(probabilities, choose_threshold(labels, probabilities, "youden")).tolist() == [0, 1]


def test_equal_probabilities_for_everybody_call_everybody_label_1_or_nobody():
    assert choose_threshold(np.array([0, 1]), np.array([0.5, 0.5]), "sensitivity", sensitivity=0.9) == 0.0
    assert choose_threshold(np.array([0, 0, 1]), np.full(3, 0.5), "cost_ratio", cost_ratio=1) == 0.5


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_alone_is_refused(label):
    with pytest.raises(CorpusError, match="images of both classes, but of 4 images"):
        choose_threshold(np.full(4, label), np.linspace(0, 1, 4), "youden")


@pytest.mark.parametrize(
    ("rule", "numbers"),
    [
        ("sensitivity", {}),
        ("sensitivity", {"sensitivity": 1.2}),
        ("cost_ratio", {}),
        ("cost_ratio", {"cost_ratio": 0}),
        ("cost_ratio", {"cost_ratio": float("nan")}),
    ],
)
def test_a_rule_without_a_number_that_it_can_use_is_refused(rule, numbers):
    with pytest.raises(CorpusError, match=f"by {rule} it must be above 0"):
        choose_threshold(LABELS, PROBABILITIES, rule, **numbers)


def test_a_sensitivity_that_no_threshold_reaches_is_refused():
    with pytest.raises(CorpusError, match="1 of 2 images of the second class have the probability 0"):
        choose_threshold(np.array([0, 1, 1]), np.array([0.1, 0.0, 0.9]), "sensitivity", sensitivity=1)
