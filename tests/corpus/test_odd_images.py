"""The 33 files of `odd_images`, each with what must become of it."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from nevus.contracts import Pixels
from nevus.corpus.decode import decode

SIZE = 32
MAX_PIXELS = 50_000_000  # as in conf/base
UNKNOWN = "content is in no known image format"


class Good(NamedTuple):
    """Stored mode, upright width and height, and quarter turns to the left that bring the stored image upright."""

    mode: str
    width: int
    height: int
    turns: int = 0


OUTCOMES: dict[str, Good | str] = {
    "16bit.cropped.tif": Good("I;16", 64, 64),
    "RCM_tile_with_exif.png": Good("I;16", 1024, 1024),
    "broken.png": UNKNOWN,
    "broken_data_stream.png": "image is damaged",
    "decompression_bomb.gif": "more pixels than ingestion.max_pixels allows",
    "exif_gps.jpg": Good("RGB", 8, 8),
    "flower2.jpg": Good("RGB", 300, 225),
    "frozenpond.mpo": Good("RGB", 640, 480),  # two frames
    "hopper.bmp": Good("RGB", 128, 128),
    "hopper.tif": Good("RGB", 128, 128),
    "hopper.webp": Good("RGB", 128, 128),
    "hopper_16bit_qtables.jpg": Good("RGB", 128, 128),
    "hopper_bad_exif.jpg": Good("L", 500, 500),
    "hopper_gray.jpg": Good("L", 128, 128),
    "hopper_orientation_3.jpg": Good("RGB", 128, 128, turns=2),
    "hopper_orientation_6.jpg": Good("RGB", 128, 128, turns=3),
    "icc_profile_big.jpg": Good("RGB", 425, 250),
    "image_with_exif_including_orientation.jpg": Good("RGB", 600, 450, turns=3),
    "invalid-exif.jpg": Good("RGB", 200, 200),
    "junk_jpeg_header.jpg": Good("RGB", 1024, 768),
    "l_trns.png": Good("L", 64, 64),
    "p_16.png": Good("RGBA", 128, 128),
    "pil123rgba.png": Good("RGBA", 162, 150),
    "pil_sample_cmyk.jpg": Good("CMYK", 100, 100),
    "png_decompression_dos.png": "metadata would unpack to too much",
    "rgb.jpg": Good("RGB", 100, 100),
    "rgb_trns.png": Good("RGB", 64, 64),
    "text.jpg": UNKNOWN,
    "truncated_image.png": "image is truncated",
    "truncated_jpeg.jpg": "image is truncated",
    "uncompressed_la.png": Good("LA", 128, 128),
    "unknown_compression_method.png": UNKNOWN,
    "zero_bytes.jpg": "file is empty",
}


def _reference(path: Path, want: Good) -> Pixels:
    """The upright picture at full scale, (height, width, 3), by explicit steps for each mode."""
    with Image.open(path) as image:
        image.seek(0)
        assert image.mode == want.mode
        stored = np.asarray(image)
    if want.mode == "CMYK":  # Pillow has undone Adobe's inversion: 255 is full ink
        ink = stored.astype(int)
        stored = ((255 - ink[..., :3]) * (255 - ink[..., 3:]) / 255).round()
    if want.mode == "I;16":
        stored = stored // 256
    if want.mode in ("I;16", "L", "LA"):
        grey = stored[..., 0] if want.mode == "LA" else stored
        stored = np.repeat(grey[..., None], 3, axis=2)
    return np.rot90(stored[..., :3], want.turns).astype(np.uint8)


@pytest.mark.parametrize(("name", "outcome"), OUTCOMES.items())
def test_odd_image_is_right_or_refused_with_a_reason(name: str, outcome: Good | str, sample_data: Path) -> None:
    path = sample_data / "odd_images" / name
    decoded = decode([path.read_bytes()], SIZE, max_pixels=MAX_PIXELS, resize="squash")
    if isinstance(outcome, str):
        assert len(decoded.pixels) == 0
        assert decoded.errors[0].split(":")[0] == outcome
        return
    assert decoded.errors == {}
    assert (decoded.widths[0], decoded.heights[0]) == (outcome.width, outcome.height)
    reference = _reference(path, outcome)
    assert reference.shape == (outcome.height, outcome.width, 3)
    want = np.asarray(Image.fromarray(reference).resize((SIZE, SIZE), Image.Resampling.BILINEAR))
    difference = np.abs(decoded.pixels[0].astype(int) - want)
    # at reduced scale nothing is clipped before the mean is taken, which shows in one file of black and white noise
    assert difference.mean() <= (4 if name == "hopper_bad_exif.jpg" else 1)
    assert np.percentile(difference, 99) <= (30 if name == "hopper_bad_exif.jpg" else 12)


def test_every_file_is_named_here(sample_data: Path) -> None:
    assert {path.name for path in (sample_data / "odd_images").iterdir()} == set(OUTCOMES)


@pytest.mark.parametrize("resize", ["crop", "pad"])
def test_other_resizing_changes_no_outcome(resize: str, sample_data: Path) -> None:
    paths = [sample_data / "odd_images" / name for name in OUTCOMES]
    decoded = decode([path.read_bytes() for path in paths], SIZE, max_pixels=MAX_PIXELS, resize=resize)
    refused = {paths[index].name for index in decoded.errors}
    assert refused == {name for name, outcome in OUTCOMES.items() if isinstance(outcome, str)}
