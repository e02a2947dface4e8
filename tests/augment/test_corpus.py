import numpy as np
import pandas as pd
import pytest
import torch

from nevus.augment.corpus import copies_to_ratio, with_copies
from nevus.augment.operations import Contrast, Cutout, OperationOptions, Rotate, Square
from nevus.contracts import Corpus, CorpusError
from tests.fakes import fake_pixels

POLICY = (
    Square(name="square"),
    Rotate(name="rotate", degrees=(-20, 20)),
    Contrast(name="contrast", factor=(0.9, 1.1)),
    Cutout(name="cutout", side=(0.2, 0.2)),
)
THREE = ("nevus", "melanoma", "keratosis")


def corpus(count: int = 6, test: int = 1) -> Corpus:
    """Images 0 and 1 are of one patient, the others of none; the last ones are test images."""
    manifest = pd.DataFrame(
        {
            "image_id": [f"i{number}" for number in range(count)],
            "split": ["labeled"] * (count - test) + ["test"] * test,
            "label": pd.array([number % 2 for number in range(count)], dtype="Int64"),
            "group_id": pd.Series(["P", "P"] + [None] * (count - 2), dtype="str"),
            "sex": "female",
            "row": range(count),
        }
    )
    return Corpus(manifest, np.stack([fake_pixels(number, 16, 16) for number in range(count)]), "x")


def copied(
    *copies: int, seed: int = 0, policy: tuple[OperationOptions, ...] = POLICY, source: Corpus | None = None
) -> Corpus:
    return with_copies(source or corpus(len(copies)), np.array(copies), policy, seed=seed)


def by_name(found: Corpus) -> dict[str, bytes]:
    rows = found.manifest.set_index("image_id")["row"]
    return {name: found.pixels[row].tobytes() for name, row in rows.items()}


def test_copies_follow_their_image_under_new_names():
    manifest = copied(2, 0, 1, 0).manifest
    assert manifest["image_id"].tolist() == ["i0", "i0_aug1", "i0_aug2", "i1", "i2", "i2_aug1", "i3"]
    assert manifest["row"].tolist() == list(range(7))


def test_copies_keep_label_split_group_and_metadata():
    manifest = copied(2, 0, 1, 0).manifest.set_index("image_id")
    columns = ["split", "label", "group_id", "sex"]
    assert manifest.loc["i0_aug2", columns].tolist() == manifest.loc["i0", columns].tolist()


def test_an_image_without_group_becomes_one_with_its_copies():
    groups = copied(0, 0, 1, 0).manifest.set_index("image_id")["group_id"]
    assert groups["i2"] == groups["i2_aug1"] == "i2"
    assert pd.isna(groups["i3"])  # has no copy, stays as it was


def test_images_themselves_are_unchanged_and_copies_are_not():
    source = corpus()
    found = copied(1, 1, 1, 1, 1, 0, source=source)
    for image, name in enumerate(source.manifest["image_id"]):
        row = found.manifest.set_index("image_id")["row"]
        assert np.array_equal(found.pixels[row[name]], source.pixels[image])
        if f"{name}_aug1" in row:
            assert not np.array_equal(found.pixels[row[f"{name}_aug1"]], source.pixels[image])


def test_an_augmentation_that_is_off_returns_the_image_to_the_bit():
    source = corpus(2, 0)._replace(pixels=np.arange(256, dtype=np.uint8).repeat(6).reshape(2, 16, 16, 3))
    found = copied(1, 1, policy=(), source=source)
    assert np.array_equal(found.pixels[1], source.pixels[0])
    assert np.array_equal(found.pixels[3], source.pixels[1])


def test_copies_of_one_image_differ():
    images = by_name(copied(3, 0, 0))
    assert len({images[name] for name in ("i0", "i0_aug1", "i0_aug2", "i0_aug3")}) == 4


def test_same_seed_draws_the_same_copies_in_whatever_order_they_are_read():
    first, second = copied(2, 2, 0), copied(2, 2, 0)
    backwards = [second.pixels[row] for row in reversed(range(len(second.manifest)))][::-1]
    assert np.array_equal(first.pixels[:], np.stack(backwards))
    assert by_name(copied(2, 2, 0, seed=1))["i0_aug1"] != by_name(first)["i0_aug1"]


def test_a_copy_does_not_depend_on_the_other_images():
    source = corpus()
    reordered = source._replace(manifest=source.manifest.iloc[::-1].reset_index(drop=True))
    few, many = by_name(copied(1, 0, 0, 0, 0, 0)), by_name(copied(0, 2, 2, 2, 2, 1, source=reordered))
    assert few["i0_aug1"] == many["i0_aug1"]


def test_reading_leaves_the_random_numbers_of_others_alone():
    found = copied(2, 0)
    torch.manual_seed(3)
    wanted = torch.rand(4)
    torch.manual_seed(3)
    assert found.pixels[1].shape == (16, 16, 3)
    assert torch.equal(torch.rand(4), wanted)


def test_pixels_are_indexed_like_an_array():
    pixels = copied(2, 0).pixels
    assert (len(pixels), pixels.shape, pixels.dtype) == (4, (4, 16, 16, 3), np.uint8)
    whole = pixels[:]
    assert np.array_equal(pixels[np.array([3, 1])], whole[[3, 1]])
    assert np.array_equal(pixels[1:3], whole[1:3])
    assert pixels[np.array([], dtype=int)].shape == (0, 16, 16, 3)
    with pytest.raises(IndexError):
        pixels[4]


def test_read_only_pixels_can_be_copied(tmp_path):
    np.save(tmp_path / "pixels.npy", corpus().pixels)
    mapped = corpus()._replace(pixels=np.load(tmp_path / "pixels.npy", mmap_mode="r"))
    assert by_name(copied(1, 0, 0, 0, 0, 0, source=mapped)) == by_name(copied(1, 0, 0, 0, 0, 0))


def test_copies_of_test_images_are_refused():
    with pytest.raises(CorpusError, match=r"such as 'i3'"):
        copied(0, 0, 0, 1)


def test_a_corpus_that_was_augmented_before_is_refused():
    source = corpus(3)
    taken = source._replace(manifest=source.manifest.assign(image_id=["i0", "i0_aug1", "i2"]))
    with pytest.raises(CorpusError, match=r"'i0_aug1'.*augmented images already"):
        copied(1, 0, 0, source=taken)


def balance(counts, ratio, positives=None, classes=THREE, seed=0):
    labels = np.repeat(np.arange(len(counts)), counts)
    ids = np.array([f"i{number}" for number in range(len(labels))], dtype=object)
    copies = copies_to_ratio(labels, ids, ratio=ratio, positives=positives, classes=classes, seed=seed)
    return labels, copies


@pytest.mark.parametrize(
    ("counts", "ratio", "wanted"),
    [
        ([50, 7], 1.0, [50, 50]),
        ([50, 7], 0.5, [50, 25]),
        ([50, 7], 2.0, [50, 100]),
        ([50, 7], 0.1, [50, 7]),  # more than enough already
        ([7, 50], 1.0, [50, 50]),
        ([50, 7, 20], 1.0, [50, 50, 50]),
        ([50, 7, 20], 0.3, [50, 15, 20]),
    ],
)
def test_ratio_is_reached_exactly(counts, ratio, wanted):
    labels, copies = balance(counts, ratio, classes=THREE[: len(counts)])
    assert np.bincount(labels, weights=copies + 1).tolist() == wanted


def test_copies_are_dealt_evenly():
    labels, copies = balance([50, 7], 1.0, classes=THREE[:2])
    assert set(copies[labels == 1]) == {6, 7}
    assert not copies[labels == 0].any()


def test_only_named_positives_are_augmented():
    labels, copies = balance([50, 7, 20], 1.0, positives=("melanoma",))
    assert np.bincount(labels, weights=copies + 1).tolist() == [50, 50, 20]
    labels, copies = balance([7, 50], 1.0, positives=("melanoma",), classes=THREE[:2])
    assert not copies.any()  # the negatives are the rarer ones, and stay alone


def test_who_gets_one_copy_more_follows_from_name_and_seed():
    labels = np.array([0] * 9 + [1] * 4)
    ids = np.array([f"i{number}" for number in range(13)], dtype=object)
    options = {"ratio": 1.0, "positives": None, "classes": THREE[:2]}
    copies = [copies_to_ratio(labels, ids, seed=seed, **options) for seed in range(9)]
    assert len({tuple(one) for one in copies}) > 1
    turned = copies_to_ratio(labels[::-1], ids[::-1], seed=0, **options)
    assert np.array_equal(turned[::-1], copies[0])


@pytest.mark.parametrize(
    ("counts", "positives", "message"),
    [
        ([5, 3, 2], ("melanom",), "'melanom', which is no class"),
        ([5, 0, 2], None, "'melanoma' has no training image"),
        ([5, 3, 2], THREE, "but not all"),
        ([5, 3, 2], (), "must name some"),
        ([0, 5], ("melanoma",), "besides melanoma no class has a training image"),
        ([0, 5, 2], ("melanoma", "keratosis"), "besides melanoma, keratosis no class has a training image"),
    ],
)
def test_impossible_wishes_are_refused(counts, positives, message):
    with pytest.raises(CorpusError, match=message):
        balance(counts, 1.0, positives=positives, classes=THREE[: len(counts)])
