import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from nevus.corpus import jpeg
from nevus.corpus.decode import decode
from nevus.corpus.jpeg import plain_size
from tests.fakes import encode, fake_jpeg, fake_pixels

PLENTY = 10**8
ODD_BAD = {  # what Pillow itself cannot decode
    "broken.png",
    "broken_data_stream.png",
    "decompression_bomb.gif",
    "png_decompression_dos.png",
    "text.jpg",
    "truncated_image.png",
    "truncated_jpeg.jpg",
    "unknown_compression_method.png",
    "zero_bytes.jpg",
}


def _error(data: bytes, max_pixels: int = PLENTY) -> str:
    decoded = decode([data], 8, max_pixels=max_pixels)
    assert decoded.pixels.shape == (0, 8, 8, 3)
    return decoded.errors[0]


def _pillow(data: bytes) -> "np.ndarray":
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_plain_jpegs_equal_pillows() -> None:
    files = [fake_jpeg(seed) for seed in range(5)]
    decoded = decode(files, 8, max_pixels=PLENTY)
    assert decoded.errors == {}
    assert decoded.indices.tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(decoded.pixels, [_pillow(data) for data in files])


def test_bad_files_are_errors_and_good_ones_keep_their_order() -> None:
    good = [fake_jpeg(seed) for seed in range(3)]
    decoded = decode([good[0], b"", good[1], good[2][:-30], b"words", good[2]], 8, max_pixels=PLENTY)
    assert decoded.indices.tolist() == [0, 2, 5]
    assert list(decoded.errors) == [1, 3, 4]
    np.testing.assert_array_equal(decoded.pixels, [_pillow(data) for data in good])


def test_no_files_give_no_pixels() -> None:
    assert decode([], 8, max_pixels=PLENTY).pixels.shape == (0, 8, 8, 3)


def test_jpeg_cut_anywhere_is_an_error_unless_no_pixel_is_lost() -> None:
    data = fake_jpeg(0, 64, 64)
    decoded = decode([data[:length] for length in range(len(data))], 64, max_pixels=PLENTY)
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
    assert decode([data], 8, max_pixels=200).errors == {}


def test_images_are_turned_upright() -> None:
    pixels = fake_pixels(0, 16, 32)
    exif = Image.Exif()
    exif[0x0112] = 6
    data = fake_jpeg(0, 16, 32, exif=exif)
    decoded = decode([data], 16, max_pixels=PLENTY)
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
    decoded = decode([encode(stripes, "PNG")], 8, max_pixels=PLENTY)
    assert (decoded.widths[0], decoded.heights[0]) == (128, 64)
    assert np.abs(decoded.pixels.astype(int) - 100).max() <= 4  # without antialiasing: all 0 or all 200


@pytest.mark.parametrize("format", ["JPEG", "PNG", "BMP", "TIFF", "WEBP", "GIF"])
def test_grey_images_become_three_equal_channels(format: str) -> None:
    grey = np.full((8, 8), 100, dtype=np.uint8)
    decoded = decode([encode(grey, format)], 8, max_pixels=PLENTY)
    assert np.abs(decoded.pixels.astype(int) - 100).max() <= 2


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    values = np.full((8, 8), 0x8000, dtype=np.uint16)
    assert (decode([encode(values, "PNG")], 8, max_pixels=PLENTY).pixels == 128).all()


def test_values_of_unknown_range_are_refused() -> None:
    assert "unknown range" in _error(encode(np.full((8, 8), 0.5, dtype=np.float32), "TIFF"))


@pytest.mark.parametrize("options", [{"progressive": True}, {"exif": b"Exif\x00\x00MM"}, {"format": "PNG"}])
def test_only_plain_jpegs_take_the_fast_path(options: dict) -> None:
    assert plain_size(fake_jpeg(0, 4, 6)) == (6, 4)
    assert plain_size(encode(fake_pixels(0), **options)) is None


def test_header_that_says_nothing_is_not_plain() -> None:
    data = fake_jpeg(0)
    frame = data.index(b"\xff\xc0")
    for broken in (data[: frame + 6], data[:frame] + b"\x00" + data[frame:], data[:2], b"\xff\xd8\xff\xd9\x00\x00"):
        assert plain_size(broken) is None


def test_plain_jpegs_are_decoded_in_batches_of_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    batches = []
    real = jpeg.decode_jpeg
    monkeypatch.setattr(
        jpeg, "decode_jpeg", lambda files, **options: batches.append(len(files)) or real(files, **options)
    )
    monkeypatch.setattr(jpeg, "BATCH_PIXELS", 150)
    files = [fake_jpeg(0), fake_jpeg(1), fake_jpeg(2), fake_jpeg(3, 20, 20), fake_jpeg(4)]
    decoded = decode(files, 8, max_pixels=PLENTY)
    assert batches == [2, 1, 1, 1]
    assert decoded.widths.tolist() == [8, 8, 8, 20, 8]
    np.testing.assert_array_equal(decoded.pixels[4], _pillow(files[4]))


def test_odd_images_never_raise_and_bad_ones_are_errors(sample_data: Path) -> None:
    paths = sorted((sample_data / "odd_images").iterdir())
    decoded = decode([path.read_bytes() for path in paths], 32, max_pixels=PLENTY)
    assert {paths[index].name for index in decoded.errors} == ODD_BAD
    assert all(reason for reason in decoded.errors.values())


def test_odd_plain_jpegs_equal_pillows(sample_data: Path) -> None:
    for name in ("rgb.jpg", "flower2.jpg", "hopper_16bit_qtables.jpg", "icc_profile_big.jpg"):
        data = (sample_data / "odd_images" / name).read_bytes()
        want = _pillow(data)
        square = want.shape[0] == want.shape[1]
        got = decode([data], want.shape[0], max_pixels=PLENTY)
        assert (got.heights[0], got.widths[0]) == want.shape[:2]
        if square:
            np.testing.assert_array_equal(got.pixels[0], want)
