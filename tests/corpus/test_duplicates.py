from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from nevus.contracts import DUPLICATE_COLUMNS, Corpus, Pixels, Table
from nevus.corpus import duplicates
from nevus.corpus.options import DuplicateOptions
from nevus.corpus.resize import Policy, fit
from nevus.corpus.thumbnails import turn
from tests.corpus.drawings import brighter, corpus_of, drawings, melanoma_corpus, recompressed, resized


@pytest.fixture(scope="module")
def options(project: Path) -> DuplicateOptions:
    text = (project / "conf" / "base" / "parameters" / "duplicates.yml").read_text()
    return DuplicateOptions(**yaml.safe_load(text)["duplicates"])


@pytest.fixture(scope="module")
def images() -> Pixels:
    return drawings(150)


def find_duplicates(corpus: Corpus, options: DuplicateOptions, resize: Policy = "squash") -> Table:
    return duplicates.find_duplicates(corpus, options, resize=resize)


def _pairs(table: Table) -> list[tuple[str, str, str, int]]:
    return list(table[["image_id", "other_id", "kind", "transform"]].itertuples(index=False, name=None))


def test_independent_drawings_are_no_duplicates(images: Pixels, options: DuplicateOptions) -> None:
    table = find_duplicates(corpus_of(images), options)
    assert table.empty
    assert tuple(table.columns) == DUPLICATE_COLUMNS


@pytest.mark.parametrize(
    "change",
    [
        lambda image: recompressed(image, 50),
        lambda image: brighter(image, 12),
        lambda image: (image * 0.85).astype(np.uint8),
        lambda image: resized(resized(image, 40), 96),
        lambda image: resized(resized(image, 300), 96),
    ],
    ids=["recompressed", "brighter", "darker", "made smaller", "made larger"],
)
@pytest.mark.parametrize("symmetry", [0, 1, 4, 7])
def test_changed_copies_are_found_with_their_symmetry(
    images: Pixels, options: DuplicateOptions, change: Callable[[Pixels], Pixels], symmetry: int
) -> None:
    # the copy comes second and the symmetry is to be undone, so each copy is made by the inverse
    inverse = {0: 0, 1: 3, 4: 4, 7: 7}[symmetry]
    copies = np.stack([change(np.ascontiguousarray(turn(images[[number]], inverse)[0])) for number in range(10)])
    table = find_duplicates(corpus_of(np.concatenate([images, copies])), options)
    assert sorted(_pairs(table)) == sorted((f"i{n}", f"i{150 + n}", "near", symmetry) for n in range(10))


def test_equal_bytes_are_exact_and_not_near_as_well(images: Pixels, options: DuplicateOptions) -> None:
    order = [0, 1, 2, 1, 3, 1]
    table = find_duplicates(corpus_of(images[order], [str(number) for number in order]), options)
    assert _pairs(table) == [("i1", "i3", "exact", 0), ("i1", "i5", "exact", 0), ("i3", "i5", "exact", 0)]
    assert (table["correlation"] == 1).all()


def test_many_copies_of_a_file_are_listed_with_the_first_only(options: DuplicateOptions) -> None:
    count = 500
    table = find_duplicates(corpus_of(np.repeat(drawings(1), count, axis=0), ["same"] * count), options)
    assert (table["image_id"] == "i0").all()
    assert table["other_id"].tolist() == [f"i{number}" for number in range(1, count)]
    assert (table["kind"] == "exact").all()


def test_flat_images_are_not_taken_for_one_another(options: DuplicateOptions) -> None:
    assert find_duplicates(corpus_of(np.zeros((20, 32, 32, 3), np.uint8)), options).empty


def test_null_looks_for_equal_images_only(images: Pixels, options: DuplicateOptions) -> None:
    alike = np.stack([images[0], images[0], images[1], recompressed(images[1], 90)])
    corpus = corpus_of(alike)
    off = options.model_copy(update={"correlation": None})
    assert _pairs(find_duplicates(corpus, off)) == [("i0", "i1", "exact", 0)]
    assert _pairs(find_duplicates(corpus, options)) == [("i0", "i1", "exact", 0), ("i2", "i3", "near", 0)]


def test_equal_pixels_are_exact_though_the_files_differ(
    images: Pixels, options: DuplicateOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file saved anew without loss, or without its EXIF."""
    monkeypatch.setattr(duplicates, "AT_ONCE", 2 * images[0].size)
    corpus = corpus_of(images[[0, 1, 2, 1, 3]])
    assert _pairs(find_duplicates(corpus, options)) == [("i1", "i3", "exact", 0)]


def test_one_value_apart_is_not_equal(images: Pixels, options: DuplicateOptions) -> None:
    twice = images[[0, 0]].copy()
    twice[1, 5, 7, 2] ^= 1
    assert _pairs(find_duplicates(corpus_of(twice), options)) == [("i0", "i1", "near", 0)]


def test_equal_bytes_and_equal_pixels_join_to_one(options: DuplicateOptions) -> None:
    """Flat images say nothing by their pixels, but equal files of them are one."""
    flat = np.full((3, 32, 32, 3), 90, np.uint8)
    assert _pairs(find_duplicates(corpus_of(flat, ["a", "b", "a"]), options)) == [("i0", "i2", "exact", 0)]


def _packed(images: Pixels, sizes: list[tuple[int, int]], resize: Policy, side: int = 64) -> Corpus:
    """Images stretched to other shapes and packed."""
    shaped = [Image.fromarray(image).resize(size) for image, size in zip(images, sizes, strict=True)]
    corpus = corpus_of(np.stack([np.asarray(fit(image, side, resize)) for image in shaped]))
    width, height = np.array(sizes).T
    return corpus._replace(manifest=corpus.manifest.assign(width=width, height=height))


@pytest.mark.parametrize("side", [32, 64])
def test_bars_make_no_duplicates_and_hide_none(images: Pixels, options: DuplicateOptions, side: int) -> None:
    shapes = [(128, 96), (96, 128), (120, 120)]
    sizes = [shapes[number % 3] for number in range(150)]
    copies = np.stack([recompressed(image, 60) for image in images[:9]])
    corpus = _packed(np.concatenate([images, copies]), sizes + sizes[:9], "pad", side)
    assert len(find_duplicates(corpus, options)) > 100  # if nobody knows of the bars
    found = find_duplicates(corpus, options, "pad")
    assert sorted(_pairs(found)) == sorted((f"i{n}", f"i{150 + n}", "near", 0) for n in range(9))


def test_a_stretched_copy_of_a_padded_image_is_found(images: Pixels, options: DuplicateOptions) -> None:
    sizes = [(128, 96)] * 20 + [(96, 128)] * 20
    found = find_duplicates(_packed(images[[*range(20), *range(20)]], sizes, "pad"), options, "pad")
    assert sorted(_pairs(found)) == sorted((f"i{n}", f"i{20 + n}", "near", 0) for n in range(20))


def test_a_turned_copy_of_a_padded_image_is_found(images: Pixels, options: DuplicateOptions) -> None:
    turned = np.ascontiguousarray(turn(images[:1], 3))
    corpus = _packed(np.concatenate([images[:20], turned]), [(128, 96)] * 20 + [(96, 128)], "pad")
    assert _pairs(find_duplicates(corpus, options, "pad")) == [("i0", "i20", "near", 1)]


def test_hashes_have_to_agree(images: Pixels, options: DuplicateOptions) -> None:
    alike = np.stack([images[0], recompressed(images[0], 30)])
    assert len(find_duplicates(corpus_of(alike), options)) == 1
    loose = options.model_copy(update={"correlation": 0.3, "hash_bits": 64})
    strict = loose.model_copy(update={"hash_bits": 2})
    assert len(find_duplicates(corpus_of(images), loose)) > len(find_duplicates(corpus_of(images), strict))


def test_blocks_do_not_change_the_result(images: Pixels, options: DuplicateOptions) -> None:
    corpus = corpus_of(images)
    low = options.model_copy(update={"correlation": 0.4, "hash_bits": 64})
    table = find_duplicates(corpus, low)
    assert len(table) > 20
    for block in (11, 64):
        pd.testing.assert_frame_equal(find_duplicates(corpus, low.model_copy(update={"block": block})), table)


def test_rows_in_another_order_name_the_same_images(images: Pixels, options: DuplicateOptions) -> None:
    corpus = corpus_of(np.concatenate([images[:4], [recompressed(images[0], 80)]]))
    shuffled = corpus._replace(manifest=corpus.manifest.iloc[[4, 2, 0, 1, 3]].reset_index(drop=True))
    assert _pairs(find_duplicates(shuffled, options)) == [("i4", "i0", "near", 0)]


def test_no_more_than_the_limit_are_listed(images: Pixels, options: DuplicateOptions) -> None:
    copies = np.concatenate([images[:6], [recompressed(image, 80) for image in images[:6]]])
    table = find_duplicates(corpus_of(copies), options.model_copy(update={"max_pairs": 4}))
    assert len(table) == 4


def test_the_real_set_has_two_equal_and_some_near_pairs(sample_data: Path, options: DuplicateOptions) -> None:
    table = find_duplicates(melanoma_corpus(sample_data), options)
    near = table[table["kind"] == "near"]
    assert len(table) - len(near) == 2
    assert 115 <= len(near) <= 140  # 126 with torchvision's JPEG decoder, 127 with Pillow's
    assert (near["transform"] == 0).mean() > 0.95  # siblings are photographed the same way up; chance has no favourite
    across = near["image_id"].str.startswith("test") ^ near["other_id"].str.startswith("test")
    assert across.sum() >= 5
