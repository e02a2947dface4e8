import io

import numpy as np
import pytest
import torch
from PIL import Image

from nevus.corpus import jpeg_batch
from nevus.corpus.jpeg import JpegSize
from nevus.corpus.jpeg_batch import decode_alike
from tests.fakes import fake_jpeg


@pytest.mark.parametrize("processors", [1, 3])
def test_files_are_decoded_as_pillow_does_and_bad_ones_left_out(
    processors: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jpeg_batch, "processors", lambda: processors)
    monkeypatch.setattr(jpeg_batch, "FILES_A_THREAD", 4)
    files = [fake_jpeg(seed, 12, 16) for seed in range(17)]
    damaged = {2, 5, 6, 16}
    damaged_files = [data[:-40] if index in damaged else data for index, data in enumerate(files)]
    pixels, good = decode_alike(damaged_files, JpegSize(16, 12))
    assert good == [index for index in range(17) if index not in damaged]
    want = [np.asarray(Image.open(io.BytesIO(files[index]))) for index in good]
    np.testing.assert_array_equal(pixels, want)


def test_no_good_file_gives_no_pixels() -> None:
    pixels, good = decode_alike([fake_jpeg(0)[:-40]] * 3, JpegSize(8, 8))
    assert good == []
    assert pixels.shape == (0, 8, 8, 3)


def test_without_a_compiler_pixels_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [fake_jpeg(seed) for seed in range(5)]
    want, _ = decode_alike(files, JpegSize(8, 8))

    def fail(function: object) -> None:
        raise RuntimeError("not supported")

    monkeypatch.setattr(torch.jit, "script", fail)
    jpeg_batch._without_python.cache_clear()
    try:
        assert jpeg_batch._without_python() is jpeg_batch._decode_list
        got, good = decode_alike([*files, b"\xff\xd8"], JpegSize(8, 8))
    finally:
        jpeg_batch._without_python.cache_clear()
    np.testing.assert_array_equal(got, want)
    assert good == [0, 1, 2, 3, 4]


def test_files_of_another_size_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A header may be read otherwise than libjpeg reads it."""
    monkeypatch.setattr(jpeg_batch, "FILES_A_THREAD", 1)
    files = [fake_jpeg(0), fake_jpeg(1, 12, 16), fake_jpeg(2), fake_jpeg(3, 16, 12)]
    pixels, good = decode_alike(files, JpegSize(8, 8))
    assert good == [0, 2]
    assert pixels.shape == (2, 8, 8, 3)
    assert decode_alike(files[1:2], JpegSize(8, 8))[1] == []
