import gzip
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nevus.contracts import Corpus, Pixels
from nevus.corpus import masks
from nevus.corpus.decode import decode
from nevus.corpus.masks import MASK_COLUMNS, NOT_A_MASK, find_masks, judge
from nevus.io.raw_files import FolderSource, ZipSource
from tests.corpus.drawings import corpus_of, drawings
from tests.fakes import encode

COLOURS = {
    "black and white": ((0, 0, 0), (255, 255, 255)),
    "inverted": ((255, 255, 255), (0, 0, 0)),
    "greys": ((60, 60, 60), (180, 180, 180)),
    "red": ((0, 0, 0), (255, 0, 0)),
    "viridis": ((68, 1, 84), (253, 231, 37)),
    "skin and brown": ((224, 172, 150), (120, 70, 50)),
}


@cache
def shape(seed: int) -> "np.ndarray[tuple[int, int], np.dtype[np.bool_]]":
    """A lesion of 300 x 400 pixels: an uneven ellipse, true inside."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[:300, :400] - np.array([rng.uniform(100, 200), rng.uniform(130, 270)])[:, None, None]
    radius = np.hypot(down / rng.uniform(30, 120), across / rng.uniform(30, 120))
    inside: np.ndarray[tuple[int, int], np.dtype[np.bool_]] = radius + 0.15 * np.sin(3 * np.arctan2(down, across)) < 1
    return inside


def packed(files: list[bytes], size: int) -> Pixels:
    return decode(files, size, max_pixels=10**8, resize="squash").pixels


@cache
def masks_in(colours: str, kind: str) -> list[bytes]:
    """Files of twenty masks in two colours."""
    outside, inside = (np.array(colour, np.uint8) for colour in COLOURS[colours])
    options = {"quality": 75} if kind == "JPEG" else {}
    return [encode(np.where(shape(seed)[..., None], inside, outside), kind, **options) for seed in range(20)]


@pytest.mark.parametrize("size", [32, 64, 224])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("colours", COLOURS)
def test_masks_of_any_two_colours_are_told(colours: str, kind: str, size: int) -> None:
    assert (judge(packed(masks_in(colours, kind), size), np.arange(20))[:, 0] != NOT_A_MASK).all()


@pytest.mark.parametrize("size", [32, 64, 224])
def test_superpixels_numbered_by_colour_are_told(size: int) -> None:
    down, across = np.mgrid[:300, :400]
    number = down // 18 * 23 + across // 18
    file = encode(np.stack([number % 256, number // 256, 0 * number], -1).astype(np.uint8), "PNG")
    assert (judge(packed([file], size), np.arange(1))[:, 0] != NOT_A_MASK).all()


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 150, 130)])
def test_an_empty_picture_is_no_mask(colour: tuple[int, int, int]) -> None:
    pixels = np.broadcast_to(np.array(colour, np.uint8), (1, 32, 32, 3))
    assert judge(pixels, np.arange(1))[0, 0] == NOT_A_MASK


@pytest.mark.parametrize("size", [32, 224])
def test_no_real_image_is_taken_for_a_mask(sample_data: Path, size: int) -> None:
    for folder in ("ham10000", "isic2017", "image_folder"):
        source = FolderSource(sample_data / folder)
        names = [name for name in source.names() if name.lower().endswith(".jpg")][:300]
        pixels = packed(source.read(names), size)
        assert len(pixels) >= 100
        assert (judge(pixels, np.arange(len(pixels)))[:, 0] == NOT_A_MASK).all()


def test_no_image_of_32_pixels_is_taken_for_a_mask(sample_data: Path) -> None:
    source = ZipSource(sample_data / "melanoma_detection" / "MelanomaDetection.zip")
    pixels = packed(source.read([name for name in source.names() if name.endswith(".jpg")]), 32)
    assert len(pixels) > 7_000
    assert (judge(pixels, np.arange(len(pixels)))[:, 0] == NOT_A_MASK).all()


def test_digits_are_no_masks_for_all_that_some_look_so(sample_data: Path) -> None:
    (path,) = (sample_data / "mnist").glob("*images*")
    digits = np.frombuffer(gzip.decompress(path.read_bytes())[16:], np.uint8).reshape(-1, 28, 28)[:500]
    pixels = packed([encode(digit, "PNG") for digit in digits], 32)
    assert (judge(pixels, np.arange(len(pixels)))[:, 0] != NOT_A_MASK).any()
    assert find_masks(corpus(pixels), resize="squash").empty


def corpus(pixels: Pixels, labels: "list[int | None] | None" = None, **columns: Any) -> Corpus:
    made = corpus_of(pixels)
    label = pd.array(labels or [None] * len(pixels), dtype="Int64")
    return made._replace(manifest=made.manifest.assign(label=label, **columns), classes=("benign", "melanoma"))


def mask() -> Pixels:
    return np.where(shape(0)[::4, ::6, None], np.uint8(255), np.zeros(3, np.uint8))[:64, :64]


def test_masks_in_use_are_listed_by_split_and_class_in_the_order_of_the_images() -> None:
    pixels = drawings(6, 64)
    pixels[[1, 3, 4, 5]] = mask()
    split = ["labeled", "labeled", "labeled", "unlabeled", "test", "left out"]
    found = find_masks(corpus(pixels, [0, 1, 1, None, 0, 0], split=split), resize="squash")
    assert tuple(found.columns) == MASK_COLUMNS
    assert found[["image_id", "split", "class"]].to_numpy().tolist() == [
        ["i1", "labeled", "melanoma"],
        ["i3", "unlabeled", "no label"],
        ["i4", "test", "benign"],
    ]


def test_a_corpus_of_nothing_but_masks_is_listed_whole() -> None:
    assert len(find_masks(corpus(np.stack([mask()] * 5)), resize="squash")) == 5


def test_the_bars_of_padded_images_are_no_second_colour() -> None:
    pixels = np.zeros((1, 64, 64, 3), np.uint8)
    pixels[0, 24:40] = drawings(1, 64)[0, 24:40] // 16 + 150  # flat skin, four times as wide as high
    assert len(find_masks(corpus(pixels, width=400, height=100), resize="squash")) == 1
    assert find_masks(corpus(pixels, width=400, height=100), resize="pad").empty


def test_no_images_are_no_masks() -> None:
    assert find_masks(corpus(np.empty((0, 32, 32, 3), np.uint8)), resize="squash").empty


def test_the_block_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.concatenate([drawings(4, 64), mask()[None]])
    whole = judge(pixels, np.arange(5))
    monkeypatch.setattr(masks, "_BLOCK", 2)
    assert np.array_equal(judge(pixels, np.arange(5)), whole)
