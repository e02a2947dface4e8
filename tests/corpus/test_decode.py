import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from nevus.corpus.decode import decode
from tests.fakes import encode, fake_jpeg, fake_pixels

PLENTY = 10**8


def _error(data: bytes, max_pixels: int = PLENTY) -> str:
    decoded = decode([data], 8, max_pixels=max_pixels, resize="squash")
    assert decoded.pixels.shape == (0, 8, 8, 3)
    return decoded.errors[0]


def _pillow(data: bytes) -> "np.ndarray":
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_plain_jpegs_equal_pillows() -> None:
    files = [fake_jpeg(seed) for seed in range(5)]
    decoded = decode(files, 8, max_pixels=PLENTY, resize="squash")
    assert decoded.errors == {}
    assert decoded.indices.tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(decoded.pixels, [_pillow(data) for data in files])


def test_bad_files_are_errors_and_good_ones_keep_their_order() -> None:
    good = [fake_jpeg(seed) for seed in range(3)]
    decoded = decode([good[0], b"", good[1], good[2][:-30], b"words", good[2]], 8, max_pixels=PLENTY, resize="squash")
    assert decoded.indices.tolist() == [0, 2, 5]
    assert list(decoded.errors) == [1, 3, 4]
    np.testing.assert_array_equal(decoded.pixels, [_pillow(data) for data in good])


def test_no_files_give_no_pixels() -> None:
    assert decode([], 8, max_pixels=PLENTY, resize="squash").pixels.shape == (0, 8, 8, 3)


def test_jpeg_cut_anywhere_is_an_error_unless_no_pixel_is_lost() -> None:
    data = fake_jpeg(0, 64, 64)
    decoded = decode([data[:length] for length in range(len(data))], 64, max_pixels=PLENTY, resize="squash")
    assert set(range(len(data) - 2)) <= set(decoded.errors)  # the end marker has two bytes
    assert "truncated" in decoded.errors[len(data) - 30]
    for pixels in decoded.pixels:
        np.testing.assert_array_equal(pixels, _pillow(data))


def test_truncated_png_is_an_error() -> None:
    assert "truncated" in _error(encode(fake_pixels(0, 64, 64), "PNG")[:-60])


def test_empty_file_and_text_are_called_so() -> None:
    assert _error(b"") == "file is empty"
    assert "no known image format" in _error(b"this is not a picture")
    assert "no known image format" in _error(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_more_pixels_than_allowed_are_refused(format: str) -> None:
    data = encode(fake_pixels(0, 10, 20), format)
    assert "more pixels" in _error(data, max_pixels=199)
    assert decode([data], 8, max_pixels=200, resize="squash").errors == {}


def test_images_are_turned_upright() -> None:
    pixels = fake_pixels(0, 16, 32)
    exif = Image.Exif()
    exif[0x0112] = 6
    data = fake_jpeg(0, 16, 32, exif=exif)
    decoded = decode([data], 16, max_pixels=PLENTY, resize="squash")
    assert (decoded.widths[0], decoded.heights[0]) == (16, 32)
    upright = np.asarray(
        ImageOps.exif_transpose(Image.open(io.BytesIO(data))).resize((16, 16), Image.Resampling.BILINEAR)
    )
    assert np.abs(decoded.pixels[0].astype(int) - upright).max() <= 2
    sideways = np.asarray(Image.fromarray(pixels).resize((16, 16)))
    assert np.abs(decoded.pixels[0].astype(int) - sideways).max() > 20


def test_images_are_squashed_with_antialiasing() -> None:
    stripes = np.zeros((64, 128, 3), dtype=np.uint8)
    stripes[:, ::2] = 200
    decoded = decode([encode(stripes, "PNG")], 8, max_pixels=PLENTY, resize="squash")
    assert (decoded.widths[0], decoded.heights[0]) == (128, 64)
    assert np.abs(decoded.pixels.astype(int) - 100).max() <= 4  # without antialiasing: all 0 or all 200


@pytest.mark.parametrize("format", ["JPEG", "PNG", "BMP", "TIFF", "WEBP", "GIF"])
def test_grey_images_become_three_equal_channels(format: str) -> None:
    grey = np.full((8, 8), 100, dtype=np.uint8)
    decoded = decode([encode(grey, format)], 8, max_pixels=PLENTY, resize="squash")
    assert np.abs(decoded.pixels.astype(int) - 100).max() <= 2


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    values = np.full((8, 8), 0x8000, dtype=np.uint16)
    assert (decode([encode(values, "PNG")], 8, max_pixels=PLENTY, resize="squash").pixels == 128).all()


def test_values_of_unknown_range_are_refused() -> None:
    assert "unknown range" in _error(encode(np.full((8, 8), 0.5, dtype=np.float32), "TIFF"))


@pytest.mark.parametrize(
    ("error", "reason"),
    [("Decompressed data too large for X", "metadata would unpack to too much"), ("bad marker", "image is damaged")],
)
def test_reason_has_its_kind_before_the_colon(error: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise ValueError(error)

    monkeypatch.setattr(Image, "open", fail)
    assert _error(b"anything") == f"{reason}: {error}"


def test_lack_of_memory_is_no_fault_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(Image, "open", fail)
    with pytest.raises(MemoryError):
        decode([b"anything"], 8, max_pixels=PLENTY, resize="squash")


def test_a_limit_above_pillows_own_is_not_blamed_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50)
    data = encode(fake_pixels(0, 10, 20), "PNG")
    assert _error(data, max_pixels=100).startswith("more pixels than ingestion.max_pixels allows: ")
    assert _error(data, max_pixels=150).startswith("more pixels than Pillow allows: ")


def test_large_jpegs_are_decoded_at_reduced_scale_and_keep_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    data = fake_jpeg(0, 300, 401)
    loaded = []
    real = Image.Image.load
    monkeypatch.setattr(Image.Image, "load", lambda image: loaded.append(image.size) or real(image))
    decoded = decode([data], 32, max_pixels=PLENTY, resize="squash")
    assert (decoded.widths[0], decoded.heights[0]) == (401, 300)
    assert loaded[0] == (101, 75)  # a quarter
    full = Image.open(io.BytesIO(data)).convert("RGB").resize((32, 32), Image.Resampling.BILINEAR)
    assert np.abs(decoded.pixels[0].astype(int) - np.asarray(full)).max() <= 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("resize", ["squash", "crop", "pad"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_every_orientation_is_applied_before_every_resize(kind: str, resize: Any, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(fake_pixels(0, 300, 200), kind, exif=exif)  # large enough for reduced scale
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    want = decode([encode(np.asarray(upright), "PNG")], 32, max_pixels=PLENTY, resize=resize)
    got = decode([data], 32, max_pixels=PLENTY, resize=resize)
    assert (got.widths[0], got.heights[0]) == (want.widths[0], want.heights[0]) == upright.size
    difference = np.abs(got.pixels[0].astype(int) - want.pixels[0])
    assert difference.mean() <= 2  # a border of the padding may lie one pixel aside
    assert np.median(difference) <= 2


@pytest.mark.parametrize("resize", ["squash", "crop", "pad"])
def test_small_and_large_jpegs_are_resized_alike(resize: Any) -> None:
    picture = fake_pixels(0, 120, 130)
    small = decode([encode(picture, quality=95)], 32, max_pixels=PLENTY, resize=resize)
    other = decode([encode(picture, "PNG")], 32, max_pixels=PLENTY, resize=resize)
    assert np.abs(small.pixels.astype(int) - other.pixels).max() <= 3
