import io
import zipfile

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from nevus.contracts import PREDICTION_COLUMNS, Corpus, CorpusError
from nevus.metrics.floors import colour_statistics, colour_svm, majority


def corpus(split, labels, redness, seed=0):
    """Noise whose red channel is raised in melanomas."""
    generator = np.random.default_rng(seed)
    labels = np.asarray(labels)
    pixels = generator.integers(60, 160, (len(labels), 8, 8, 3), dtype=np.uint8)
    pixels[..., 0] += (redness * labels[:, None, None]).astype(np.uint8)
    order = generator.permutation(len(labels))  # the manifest's order is not the pixels' order
    manifest = pd.DataFrame(
        {
            "image_id": [f"{split}-{row}" for row in order],
            "split": split,
            "group_id": pd.Series([None] * len(labels), dtype="string"),
            "label": pd.array(labels[order], dtype="Int64"),
            "row": order,
        }
    )
    return Corpus(manifest, pixels, "fake")


def test_the_majority_floor_predicts_the_training_share_for_everybody():
    table = majority(corpus("labeled", [0, 0, 0, 1], 0), corpus("test", [0, 1], 0))
    assert tuple(table.columns) == PREDICTION_COLUMNS
    assert table["probability"].tolist() == [0.25, 0.25]
    assert set(table["split"]) == {"test"}


def test_the_colour_floor_finds_a_class_that_differs_in_colour():
    training, test = corpus("labeled", [0, 1] * 30, 40), corpus("test", [0, 1] * 20, 40, seed=1)
    table = colour_svm(training, test, folds=5, seed=0)
    assert tuple(table.columns) == PREDICTION_COLUMNS
    assert roc_auc_score(table["label"].astype(int), table["probability"]) > 0.99
    assert table["probability"].between(0, 1).all()


def test_the_colour_floor_does_not_look_at_test_labels():
    training, test = corpus("labeled", [0, 1] * 20, 20), corpus("test", [0, 1] * 10, 20, seed=1)
    flipped = test._replace(manifest=test.manifest.assign(label=1 - test.manifest["label"]))
    ours, theirs = (colour_svm(training, which, folds=4, seed=0)["probability"] for which in (test, flipped))
    pd.testing.assert_series_equal(ours, theirs)


def test_one_lesion_of_a_class_cannot_be_cross_validated():
    training = corpus("labeled", [0, 1] * 20, 20)
    one_lesion = training.manifest["label"].map({0: None, 1: "the only one"})
    training = training._replace(manifest=training.manifest.assign(group_id=one_lesion))
    with pytest.raises(CorpusError, match="20 benign and 1 melanoma"):
        colour_svm(training, corpus("test", [0, 1], 20), folds=5, seed=0)


def test_copies_stay_in_one_fold():
    """All melanomas are one photograph, so that no fold could be tested on another one."""
    training = corpus("labeled", [0, 1] * 20, 20)
    copied = training.manifest["image_id"].where(training.manifest["label"] == 0, "one file")
    training = training._replace(manifest=training.manifest.assign(sha256=copied))
    with pytest.raises(CorpusError, match="20 benign and 1 melanoma"):
        colour_svm(training, corpus("test", [0, 1], 20), folds=5, seed=0)


def test_an_unlabelled_copy_joins_two_lesions():
    """Each melanoma's lesion is joined to the next by unlabelled images that hold the bytes of both."""
    training = corpus("labeled", [0, 1, 0, 1, 0], 20)
    rows = training.manifest.sort_values("row").assign(
        split=["labeled", "labeled", "labeled", "labeled", "unlabeled"],
        group_id=pd.Series([None, "one", None, "two", "one"], dtype="string").to_numpy(),
        sha256=["a", "b", "c", "d", "d"],
    )
    with pytest.raises(CorpusError, match="2 benign and 1 melanoma"):
        colour_svm(training._replace(manifest=rows), corpus("test", [0, 1], 20), folds=5, seed=0)


def test_fewer_lesions_than_folds_are_enough():
    table = colour_svm(corpus("labeled", [0, 1] * 3, 40), corpus("test", [0, 1] * 10, 40, seed=1), folds=5, seed=0)
    assert roc_auc_score(table["label"].astype(int), table["probability"]) > 0.9


def test_a_corpus_without_labelled_images_is_refused():
    with pytest.raises(CorpusError, match="split 'labeled'"):
        majority(corpus("unlabeled", [0, 1], 0), corpus("test", [0, 1], 0))


def test_statistics_of_a_plain_image_are_its_colour_and_no_spread():
    plain = np.full((1, 4, 4, 3), (255, 0, 0), dtype=np.uint8)
    found = colour_statistics(plain).reshape(5, 6)
    colour = [1.0, 0.0, 0.0, 0.5, 1.0, 1.0]  # red, green, blue, hue turned by half, saturation, value
    np.testing.assert_allclose(found, [colour, [0] * 6, colour, colour, colour], atol=1e-6)


def test_statistics_do_not_see_where_a_colour_is():
    pixels = np.random.default_rng(0).integers(0, 256, (3, 6, 6, 3), dtype=np.uint8)
    shuffled = pixels.reshape(3, 36, 3)[:, np.random.default_rng(1).permutation(36)].reshape(3, 6, 6, 3)
    np.testing.assert_allclose(colour_statistics(pixels), colour_statistics(shuffled), atol=1e-6)


def test_the_colour_floor_reaches_on_real_lesions_what_is_known_of_it(sample_data):
    def read(folder):
        with zipfile.ZipFile(sample_data / "melanoma_detection" / "MelanomaDetection.zip") as archive:
            names = sorted(n for n in archive.namelist() if n.split("/")[-2] == folder and n.endswith(".jpg"))
            images = [Image.open(io.BytesIO(archive.read(name))).convert("RGB").resize((32, 32)) for name in names]
        labels = [int(name.removesuffix(".jpg").rsplit("_", 1)[1]) for name in names]
        split = "labeled" if folder == "labeled" else "test"
        manifest = pd.DataFrame(
            {"image_id": names, "split": split, "group_id": None, "label": labels, "row": range(len(names))}
        )
        return Corpus(manifest, np.stack([np.asarray(image) for image in images]), folder)

    table = colour_svm(read("labeled"), read("test"), folds=5, seed=0)
    assert len(table) == 300
    assert 0.80 < roc_auc_score(table["label"], table["probability"]) < 0.92


@pytest.mark.parametrize(("tested", "called"), [([0, 0, 1], 0), ([0, 1, 1], 1), ([0, 1], 0)])
def test_of_equally_frequent_classes_the_floor_names_the_one_that_the_test_has_most_of(tested, called):
    """As a label budget leaves them; a floor that always named the first could lie far below the majority."""
    table = majority(corpus("labeled", [0, 1] * 4, 0), corpus("test", tested, 0))
    assert (table["probability"] > 0.5).unique().tolist() == [bool(called)]
    assert table["probability"].to_numpy() == pytest.approx(0.5, abs=1e-5)
