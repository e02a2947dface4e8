"""Every format that is read, and how each suffix that readers take is decoded."""

import io

import numpy as np
import pytest
from PIL import Image

from nevus.corpus.decode import FORMATS, decode
from nevus.readers.names import SUFFIXES

LOSSY = {"JPEG", "JPEG2000", "AVIF", "WEBP"}
UNWRITTEN = {"PSD"}  # Pillow reads it, but does not write it


def _decoded(data: bytes) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    result = decode([data], 16, max_pixels=10_000, resize="squash")
    assert result.errors == {}
    return result.pixels[0]


@pytest.fixture
def picture() -> Image.Image:
    ramp = np.linspace(20, 230, 16).astype(np.uint8)
    return Image.fromarray(np.stack(np.broadcast_arrays(ramp, ramp[:, None], np.uint8(90)), axis=2))


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind not in UNWRITTEN])
def test_format_is_decoded(kind: str, picture: Image.Image) -> None:
    stored = picture.quantize(256) if kind == "GIF" else picture
    encoded = io.BytesIO()
    stored.save(encoded, format=kind)
    difference = np.abs(_decoded(encoded.getvalue()).astype(int) - np.asarray(stored.convert("RGB")))
    assert difference.mean() <= (6 if kind in LOSSY else 0)


def test_16_bit_pgm_is_brought_to_8() -> None:
    values = np.arange(256, dtype=">u2").reshape(16, 16) * 257
    pixels = _decoded(b"P5 16 16 65535\n" + values.tobytes())
    assert (pixels == np.arange(256, dtype=np.uint8).reshape(16, 16, 1)).all()


def test_floating_point_is_refused() -> None:
    result = decode([b"Pf 2 2 -1.0\n" + bytes(16)], 16, max_pixels=100, resize="squash")
    assert result.errors[0].startswith("pixel values of unknown range: F")


def test_suffixes_are_those_of_the_formats_that_are_decoded() -> None:
    Image.init()
    known = {suffix for suffix, kind in Image.registered_extensions().items() if kind in {*FORMATS, "MPO"}}
    floating_point, unregistered = {".pfm"}, {".pnm"}  # the one is refused; Pillow knows PNM by its content alone
    assert set(SUFFIXES) == known - floating_point | unregistered


def test_noise_and_text_are_in_no_format() -> None:
    noise = np.random.default_rng(0)
    files = [*(noise.bytes(300) for _ in range(500)), *(f"id,label\n{n},1\n".encode() * 9 for n in range(50))]
    result = decode(files, 16, max_pixels=10_000, resize="squash")
    assert len(result.errors) == len(files)
