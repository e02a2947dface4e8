import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from nevus.contracts import CorpusError
from nevus.metrics import shortcuts
from nevus.metrics.shortcuts import PROBES, SHORTCUT_COLUMNS, shortcut_features

FEW = {"folds": 3, "repeats": 2, "replicates": 200, "confidence": 0.95, "seed": 0}


def noise(number=90, size=16, seed=0):
    return np.random.default_rng(seed).integers(60, 200, (number, size, size, 3)).astype(np.uint8)


def probe(pixels, labels, groups, **options):
    """Of all images."""
    return shortcuts.probe(pixels, np.arange(len(pixels)), labels, groups, **options)


def own(number):
    return np.arange(number).astype(object)


def scores(table, metric="balanced_accuracy", model="linear"):
    chosen = table[(table["metric"] == metric) & (table["model"] == model)]
    return chosen.set_index("probe")


def test_noise_gives_nothing_away():
    labels = np.arange(90) % 2
    table = probe(noise(), labels, own(90), **FEW)
    assert tuple(table.columns) == SHORTCUT_COLUMNS
    found = scores(table)
    assert tuple(found.index) == PROBES
    assert ((found["low"] < 0.5) & (found["high"] > 0.3)).all()
    assert (table["low"] <= table["value"] + 0.02).all()


@pytest.mark.parametrize(("folds", "factor"), [(2, 3**0.5), (5, 1.5)])
def test_intervals_are_wider_than_the_bootstrap_as_folds_share_their_training_images(monkeypatch, folds, factor):
    """Nadeau and Bengio 2003: 1/k + n_test/n_train in place of 1/k, so that 1 + k/(k - 1) times the variance."""
    labels = np.arange(90) % 2
    wide = probe(noise(), labels, own(90), **FEW | {"folds": folds})
    monkeypatch.setattr(shortcuts, "_widened", lambda value, interval, folds: interval)
    plain = probe(noise(), labels, own(90), **FEW | {"folds": folds})
    for end in ("low", "high"):
        np.testing.assert_allclose(wide[end] - wide["value"], factor * (plain[end] - plain["value"]), atol=1e-12)


def test_intervals_stay_within_0_and_1():
    pixels, labels = noise(12), np.arange(12) % 2
    pixels[labels == 1, -2:, -2:] = 255
    pixels[0, -2:, -2:] = 255
    table = probe(pixels, labels, own(12), **FEW)
    assert table["high"].max() == 1
    assert table["low"].min() >= 0


def test_a_mark_in_a_corner_is_found_by_the_corners():
    pixels, labels = noise(), np.arange(90) % 2
    pixels[labels == 1, -2:, -2:] = 255
    found = scores(probe(pixels, labels, own(90), **FEW))
    assert found.loc["corners", "low"] > 0.9
    assert found.loc["border", "low"] > 0.6


def test_a_mark_in_the_middle_is_hidden_from_corners_and_border():
    pixels, labels = noise(), np.arange(90) % 2
    marked = pixels.copy()
    marked[labels == 1, 6:10, 6:10] = 255
    plain, changed = (shortcut_features(images, np.arange(90)) for images in (pixels, marked))
    for name in ("corners", "border"):
        np.testing.assert_array_equal(plain[name], changed[name])
    assert not np.array_equal(plain["colour"], changed["colour"])


def test_grey_world_takes_the_colour_of_the_light_away():
    labels = np.arange(90) % 2
    contrast = np.random.default_rng(1).uniform(0.2, 1.0, (90, 1, 1, 1))
    lit = 130 + (noise().astype(float) - 130) * contrast
    lit[labels == 1] *= [1.2, 1.0, 0.8]  # as bright as before
    found = scores(probe(lit.astype(np.uint8), labels, own(90), **FEW))
    assert found.loc["colour", "low"] > 0.9
    assert found.loc["grey_world_colour", "value"] < 0.75


def test_images_of_one_lesion_do_not_answer_for_each_other():
    """Lesions that differ at random: an image is easily known by its sibling, if the folds let it."""
    rng = np.random.default_rng(0)
    colours = rng.integers(40, 215, (24, 1, 1, 3))
    pixels = np.clip(colours.repeat(6, axis=0) + rng.normal(0, 2, (144, 16, 16, 3)), 0, 255).astype(np.uint8)
    labels = (np.arange(24) % 2).repeat(6)
    apart = scores(probe(pixels, labels, np.arange(24).repeat(6).astype(object), **FEW), model="kernel")
    leaked = scores(probe(pixels, labels, own(144), **FEW), model="kernel")
    assert leaked.loc["colour", "value"] > 0.7
    assert apart.loc["colour", "value"] < 0.6
    assert apart.loc["colour", "high"] - apart.loc["colour", "low"] > 0.15


def test_floors_are_those_of_the_most_frequent_class():
    table = probe(noise(), np.arange(90) % 3 // 2, own(90), **FEW)
    floors = table.drop_duplicates("metric").set_index("metric")["floor"]
    assert floors.to_dict() == pytest.approx({"accuracy": 2 / 3, "balanced_accuracy": 0.5, "auc": 0.5})


def test_three_classes_have_no_auc():
    table = probe(noise(), np.arange(90) % 3, own(90), **FEW)
    assert set(table["metric"]) == {"accuracy", "balanced_accuracy"}
    assert scores(table)["floor"].tolist() == pytest.approx([1 / 3] * 4)


def test_a_second_probe_gives_the_same_numbers():
    labels = np.arange(90) % 2
    assert probe(noise(), labels, own(90), **FEW).equals(probe(noise(), labels, own(90), **FEW))


def test_features_of_large_images_are_as_many_as_those_of_small_ones():
    small, large = (shortcut_features(noise(2, size), np.arange(2)) for size in (16, 224))
    assert {name: part.shape for name, part in small.items()} == {name: part.shape for name, part in large.items()}
    assert small["corners"].shape == (2, 48)
    assert small["border"].shape == (2, 180)


def test_features_are_those_of_the_rows_asked_for_whatever_the_block(monkeypatch):
    whole = shortcut_features(noise(9), np.arange(9))
    monkeypatch.setattr(shortcuts, "_BLOCK", 2 * 16 * 16 * 3)
    some = shortcut_features(noise(9), np.array([7, 0, 3, 8, 1]))
    for name in PROBES:
        np.testing.assert_allclose(some[name], whole[name][[7, 0, 3, 8, 1]], rtol=1e-5)


@pytest.mark.parametrize("labels", [np.zeros(20, int), np.r_[np.zeros(18, int), 1, 1], np.zeros(0, int)])
def test_too_few_lesions_of_a_class_are_refused(labels):
    with pytest.raises(CorpusError, match="3 lesions or patients each"):
        probe(noise(len(labels)), labels, own(len(labels)), **FEW)


def test_corners_of_real_lesions_reach_what_is_known_of_them(sample_data):
    with zipfile.ZipFile(sample_data / "melanoma_detection" / "MelanomaDetection.zip") as archive:
        found = sorted(n for n in archive.namelist() if n.split("/")[-2] == "labeled" and n.endswith(".jpg"))
        pixels = np.stack([np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("RGB")) for name in found])
    labels = np.array([int(name.removesuffix(".jpg").rsplit("_", 1)[1]) for name in found])
    table = probe(pixels, labels, own(len(labels)), folds=5, repeats=2, replicates=200, confidence=0.95, seed=0)
    assert scores(table, "accuracy", "kernel").loc["corners", "value"] == pytest.approx(0.77, abs=0.03)
    assert scores(table, "accuracy", "linear").loc["corners", "low"] > 0.6
    assert scores(table, "accuracy", "kernel").loc["colour", "value"] == pytest.approx(0.80, abs=0.03)
