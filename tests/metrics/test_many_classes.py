"""More than two classes: the scores against scikit-learn, the draws, the tables."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from nevus.contracts import Corpus, CorpusError
from nevus.metrics.classification import called, claims, squared_errors
from nevus.metrics.floors import colour_svm, majority
from nevus.metrics.intervals import estimate, resample
from nevus.metrics.predictions import align, prediction_table, probabilities_of, scored_rows
from nevus.metrics.scores import METRICS, score
from nevus.metrics.weighted import weighted_scores

CLASSES = 7
NAMES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
OPTIONS = {"threshold": 0.5, "bins": 10}


def example(count=140, lift=1.0, seed=3):
    """Labels of unequal classes and probabilities that know something of them, with ties."""
    generator = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(CLASSES), generator.choice(CLASSES, count - CLASSES, p=np.arange(1, 8) / 28)])
    logits = generator.normal(size=(count, CLASSES)) + lift * (labels[:, None] == np.arange(CLASSES))
    shares = np.round(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), 2)
    return labels, shares / shares.sum(axis=1, keepdims=True)


def references(labels, probabilities, weights=None):
    truth, decided = np.eye(CLASSES)[labels], probabilities.argmax(axis=1)
    of_classes = {"average": "macro", "sample_weight": weights}
    return {
        "accuracy": metrics.accuracy_score(labels, decided, sample_weight=weights),
        "balanced_accuracy": metrics.balanced_accuracy_score(labels, decided, sample_weight=weights),
        "auc": metrics.roc_auc_score(labels, probabilities, multi_class="ovr", **of_classes),
        "average_precision": metrics.average_precision_score(truth, probabilities, **of_classes),
        "f1": metrics.f1_score(labels, decided, **of_classes),
        "mcc": metrics.matthews_corrcoef(labels, decided, sample_weight=weights),
        "log_loss": metrics.log_loss(labels, probabilities, sample_weight=weights),
        "brier": metrics.brier_score_loss(labels, probabilities, sample_weight=weights, scale_by_half=True),
    }


def test_every_score_equals_that_of_scikit_learn():
    labels, probabilities = example()
    found = score(labels, probabilities, **OPTIONS)
    assert tuple(found) == tuple(name for name in METRICS if name not in ("sensitivity", "specificity"))
    for name, reference in references(labels, probabilities).items():
        assert found[name] == pytest.approx(reference, abs=1e-12), name


def test_every_resampled_score_equals_that_of_scikit_learn_with_sample_weights():
    labels, probabilities = example()
    weights = resample(labels, np.full(len(labels), None), replicates=20, seed=0)
    found = weighted_scores(labels, probabilities, weights, **OPTIONS)
    for number, row in enumerate(weights):
        for name, reference in references(labels, probabilities, row).items():
            assert found[name][number] == pytest.approx(reference, abs=1e-9), name


def test_integer_weights_equal_repeated_images_in_all_scores():
    labels, probabilities = example(count=60)
    weights = resample(labels, np.full(len(labels), None), replicates=5, seed=0)
    found = weighted_scores(labels, probabilities, weights, **OPTIONS)
    for number, row in enumerate(weights):
        repeated = score(np.repeat(labels, row), np.repeat(probabilities, row, axis=0), **OPTIONS)
        del repeated["adaptive_calibration_error"]  # its bins stay where they are
        assert {name: found[name][number] for name in repeated} == pytest.approx(repeated, abs=1e-9)


def test_two_columns_score_as_one():
    labels, probabilities = np.array([0, 1, 0, 1, 1]), np.array([0.2, 0.7, 0.6, 0.4, 0.9])
    both = np.column_stack([1 - probabilities, probabilities])
    assert squared_errors(labels, both) == pytest.approx(squared_errors(labels, probabilities))
    one, two = score(labels, probabilities, **OPTIONS), score(labels, both, **OPTIONS)
    for name in ("accuracy", "balanced_accuracy", "auc", "brier"):
        assert two[name] == pytest.approx(one[name]), name


def test_certain_and_right_scores_perfectly_and_certain_and_wrong_has_a_brier_score_of_one():
    labels = np.arange(CLASSES)
    right, wrong = np.eye(CLASSES), np.roll(np.eye(CLASSES), 1, axis=0)
    perfect = score(labels, right, **OPTIONS)
    errors = {"brier", "log_loss", "calibration_error", "adaptive_calibration_error"}
    assert perfect == pytest.approx({name: float(name not in errors) for name in perfect})
    assert score(labels, wrong, **OPTIONS)["brier"] == 1.0


def test_the_calibration_error_is_that_of_the_likeliest_class():
    labels = np.array([0, 0, 1, 2])
    probabilities = np.tile([0.8, 0.15, 0.05], (4, 1))
    assert claims(labels, probabilities)[0].tolist() == [1, 1, 0, 0]
    assert score(labels, probabilities, **OPTIONS)["calibration_error"] == pytest.approx(0.8 - 0.5)
    assert called(probabilities, 0.9).tolist() == [0, 0, 0, 0]


def test_a_class_without_test_images_is_named_with_the_way_out():
    labels, probabilities = example()
    kept = labels != 4
    with pytest.raises(CorpusError, match=r"0 of class 4.*splits\.test=hold_out"):
        score(labels[kept], probabilities[kept], **OPTIONS)


def test_every_class_is_in_every_replicate_even_where_patients_have_several():
    labels = np.array([0, 1, 0, 1, 1, 2])  # class 2 only beside class 1, in one of three mixed patients
    groups = np.array(["p", "p", "q", "q", "r", "r"])
    weights = resample(labels, groups, replicates=100, seed=0)
    assert all((weights[:, labels == number].sum(axis=1) > 0).all() for number in range(3))
    assert weights[:, 0].max() == 2


def test_the_interval_holds_the_value_and_narrows_with_more_images():
    widths = []
    for count in (140, 1400):
        labels, probabilities = example(count)
        weights = resample(labels, np.full(count, None), replicates=300, seed=0)
        found = estimate(labels, probabilities, weights, **OPTIONS)["auc"]
        low, high = found.interval(0.95)
        assert low < found.value < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 2


@pytest.fixture
def rows():
    labels, probabilities = example(count=20)
    manifest = pd.DataFrame(
        {"image_id": [f"i{k}" for k in range(20)], "split": "test", "group_id": None, "label": labels, "age": 50}
    )
    return manifest, probabilities


def test_a_table_has_one_column_a_class_in_the_place_of_the_one(rows):
    table = prediction_table(*rows, seed=1)
    assert list(table.columns) == ["image_id", "split", "group_id", "label"] + [
        f"probability_{k}" for k in range(CLASSES)
    ] + ["seed"]
    assert np.array_equal(probabilities_of(scored_rows(table, "net")), rows[1])


def test_a_table_of_two_classes_keeps_the_probability_of_the_second(rows):
    manifest, _ = rows
    table = prediction_table(manifest, np.tile([0.25, 0.75], (20, 1)), seed=1)
    assert list(table.columns) == ["image_id", "split", "group_id", "label", "probability", "seed"]
    assert probabilities_of(table).tolist() == [0.75] * 20


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="probability_3"), "lack probability_3"),
        (lambda t: t.rename(columns={"probability_6": "probability_9"}), "lack probability_6"),
        (lambda t: t.assign(probability_0=t["probability_0"] / 2 + 0.4), "add up to 1 over the classes"),
        (lambda t: t.assign(probability_0=-0.1), "between 0 and 1"),
        (lambda t: t.assign(label=7), "labels must be 0 to 6, but 20 are not, such as 7"),
        (lambda t: t.assign(label=None), r"lack 20 test labels.*splits\.test=hold_out"),
    ],
)
def test_tables_of_many_classes_that_cannot_be_scored_say_why(rows, change, message):
    with pytest.raises(CorpusError, match=message):
        scored_rows(change(prediction_table(*rows, seed=0)), "net")


def test_methods_that_predict_other_classes_are_refused(rows):
    manifest, probabilities = rows
    fewer = manifest.assign(label=0)
    seven, three = prediction_table(fewer, probabilities, seed=0), np.tile([0.5, 0.3, 0.2], (20, 1))
    with pytest.raises(CorpusError, match="must predict the same classes"):
        align({"net": seven, "floor": prediction_table(fewer, three, seed=0)})


def coloured(split, count, seed):
    """Noise in seven colours."""
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % CLASSES
    colours = np.array([(r, g, b) for r in (0, 90) for g in (0, 90) for b in (0, 90)][:CLASSES])
    pixels = (generator.integers(60, 160, (count, 8, 8, 3)) + colours[labels][:, None, None]).astype(np.uint8)
    manifest = pd.DataFrame(
        {
            "image_id": [f"{split}-{row}" for row in range(count)],
            "split": split,
            "group_id": pd.Series([None] * count, dtype="string"),
            "label": pd.array(labels, dtype="Int64"),
            "row": range(count),
        }
    )
    return Corpus(manifest, pixels, "fake", NAMES)


def test_the_majority_floor_gives_the_share_of_every_class():
    training = coloured("labeled", 22, 0)
    table = majority(training, coloured("test", 7, 1))
    assert probabilities_of(table)[0] == pytest.approx(np.array([4, 3, 3, 3, 3, 3, 3]) / 22)
    assert score(table["label"].astype(int).to_numpy(), probabilities_of(table), **OPTIONS)["auc"] == 0.5


def test_the_colour_floor_tells_seven_colours_apart():
    table = colour_svm(coloured("labeled", 140, 0), coloured("test", 70, 1), folds=5, seed=0)
    found = score(table["label"].astype(int).to_numpy(), probabilities_of(scored_rows(table, "floor")), **OPTIONS)
    assert found["auc"] > 0.99
    assert found["accuracy"] > 0.95


def test_the_colour_floor_names_the_class_with_too_few_lesions():
    training = coloured("labeled", 15, 0)
    one = training.manifest["group_id"].mask(training.manifest["label"] == 3, "the only one")
    training = training._replace(manifest=training.manifest.assign(group_id=one))
    with pytest.raises(CorpusError, match="2 bkl, 1 df, 2 mel"):
        colour_svm(training, coloured("test", 7, 1))
