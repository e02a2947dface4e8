import numpy as np
import pandas as pd
import pytest

from nevus.contracts import Corpus
from nevus.corpus import outliers
from nevus.corpus.outliers import MEASURES, find_outliers, leave_out, measure, measure_pictures, robust_scores


def names(number):
    return pd.DataFrame({"image_id": [f"image-{i}" for i in range(number)], "split": "unlabeled"})


def skin(number, size=32, seed=0):
    """Pinkish images that differ a little in brightness, with a little noise."""
    rng = np.random.default_rng(seed)
    base = np.array([190, 140, 130]) + rng.normal(0, 8, (number, 1, 1, 1))
    return np.clip(base + rng.normal(0, 6, (number, size, size, 3)), 0, 255).astype(np.uint8)


def test_measures_of_plain_images_are_their_colours():
    pixels = np.zeros((3, 8, 8, 3), np.uint8)
    pixels[1], pixels[2, ..., 0] = 255, 255
    table = measure(pixels)
    assert tuple(table.columns) == tuple(MEASURES)
    assert table["brightness"].tolist() == pytest.approx([0, 1, 0.299], abs=1e-6)
    assert table["saturation"].tolist() == pytest.approx([0, 0, 1])
    assert table["warmth"].tolist() == pytest.approx([0, 0, 1])
    assert table["black"].tolist() == [1, 0, 0]
    assert table["white"].tolist() == [0, 1, 0]
    assert table["contrast"].tolist() == pytest.approx([0, 0, 0], abs=1e-5)
    assert table["sharpness"].max() == pytest.approx(-10, abs=0.1)


def test_blurring_lowers_sharpness_by_as_many_powers_of_two():
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 40, (1, 64, 64, 1)).repeat(3, axis=3)
    sharp, soft = (np.clip(128 + noise * strength, 0, 255).astype(np.uint8) for strength in (1, 0.25))
    assert measure(sharp)["sharpness"][0] - measure(soft)["sharpness"][0] == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda image: image // 8, "dark image"),
        (lambda image: image // 2 + 127, "bright image"),
        (lambda image: np.broadcast_to(image.mean(axis=2, keepdims=True), image.shape), "nearly grey"),
        (lambda image: image[..., ::-1], "bluish"),
        (lambda image: np.where(np.arange(32)[:, None, None] < 8, 0, image), "black area"),
        (lambda image: np.where(np.arange(32)[:, None, None] < 8, 255, image), "white area"),
        (lambda image: np.broadcast_to(image.mean(axis=(0, 1)), image.shape), "blurred"),
    ],
)
def test_a_spoilt_image_is_listed_with_the_reason(spoil, reason):
    pixels = skin(60)
    pixels[17] = spoil(pixels[17])
    found = find_outliers(measure(pixels), names(60), np.ones(60, bool), threshold=5)
    of_it = found[found["image_id"] == "image-17"]
    assert reason in {text.partition(":")[0] for text in of_it["reason"]}
    assert set(found["image_id"]) == {"image-17"}
    assert found["score"].abs().is_monotonic_decreasing


def test_alike_images_are_no_outliers():
    assert find_outliers(measure(skin(60)), names(60), np.ones(60, bool), threshold=5).empty


def test_what_is_usual_is_learnt_from_the_chosen_images_only():
    pixels = np.concatenate([skin(20), skin(40) // 4])
    usual = np.arange(60) < 20
    found = find_outliers(measure(pixels), names(60), usual, threshold=5)
    assert set(found["image_id"]) == set(names(60)["image_id"][20:])
    none = find_outliers(measure(pixels), names(60), np.zeros(60, bool), threshold=5)  # then all say what is usual
    assert set(none["image_id"]) <= set(names(60)["image_id"][:20])


def test_scores_of_normal_data_are_standard_deviations():
    values = np.random.default_rng(0).normal(3.0, 2.0, 20_000)
    assert robust_scores(np.array([3.0, 7.0, -1.0]), values, least=0.01) == pytest.approx([0, 2, -2], abs=0.1)


def test_a_skewed_measure_is_judged_on_each_side_apart():
    values = np.r_[np.linspace(-1, 0, 50), np.linspace(0, 10, 50)]
    below, above = robust_scores(np.array([-2.0, 2.0]), values, least=0.01)
    assert abs(below) > 5 * abs(above)


def test_measures_do_not_depend_on_the_block(monkeypatch):
    pixels = skin(7, size=16)
    whole = measure(pixels)
    monkeypatch.setattr(outliers, "_BLOCK", 2 * 16 * 16 * 3)
    pd.testing.assert_frame_equal(measure(pixels), whole)


def test_no_images_have_no_outliers():
    found = find_outliers(measure(np.zeros((0, 8, 8, 3), np.uint8)), names(0), np.zeros(0, bool), threshold=5)
    assert found.empty
    assert "reason" in found.columns


def test_only_unlabelled_images_are_left_out_each_with_its_reason():
    pixels = skin(90)
    dark = [5, 40, 70]  # one of each split, in rows that are not in the manifest's order
    pixels[dark] = pixels[dark] // 8
    rows = np.random.default_rng(0).permutation(90)
    splits = np.repeat(["labeled", "unlabeled", "test"], 30)[rows]
    assignment = names(90).assign(split=pd.array(splits, dtype="str"), reason=pd.array([None] * 90, dtype="str"))
    table = leave_out(Corpus(pd.DataFrame({"row": rows}), pixels, "fake"), assignment, resize="squash", threshold=5)
    (place,) = np.flatnonzero(rows == 40)
    assert table.index[table["split"].isna()].tolist() == [place]
    assert table["reason"][place].startswith("outlier, black area: black 1.00")
    assert table["reason"].notna().sum() == 1
    assert table["split"].drop(index=place).tolist() == assignment["split"].drop(index=place).tolist()


def test_the_bars_of_padded_images_are_no_black_area():
    """A third of the images are wide: with their bars they would be outliers."""
    pixels = skin(60)
    wide = np.arange(60) % 3 == 0
    pixels[wide, :8], pixels[wide, 24:] = 0, 0
    manifest = pd.DataFrame({"row": np.arange(60), "width": 640, "height": np.where(wide, 320, 640)})
    assert measure(pixels)["black"].max() > 0.4
    measures = measure_pictures(Corpus(manifest, pixels, "fake"), "pad")
    assert measures["black"].max() == 0
    assert find_outliers(measures, names(60), np.ones(60, bool), threshold=5).empty
    assert measure_pictures(Corpus(manifest[::-1], pixels, "fake"), "squash").equals(
        measure(pixels)[::-1].reset_index(drop=True)
    )
