import numpy as np
import pytest
from PIL import Image

from nevus.corpus.resize import SPARE, enough, fit, target

RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)


def _three(width: int, height: int) -> Image.Image:
    """Left quarter red, the middle half green, right quarter blue."""
    image = Image.new("RGB", (width, height), GREEN)
    image.paste(RED, (0, 0, width // 4, height))
    image.paste(BLUE, (width - width // 4, 0, width, height))
    return image


def _row(image: Image.Image) -> list[tuple[int, ...]]:
    return [image.getpixel((x, image.height // 2)) for x in range(image.width)]


def test_squash_keeps_the_whole_image() -> None:
    row = _row(fit(_three(64, 32), 16, "squash"))
    assert row[:3] == [RED] * 3
    assert row[5:11] == [GREEN] * 6
    assert row[-3:] == [BLUE] * 3


def test_crop_keeps_the_square_in_the_middle() -> None:
    assert set(_row(fit(_three(64, 32), 16, "crop"))[1:-1]) == {GREEN}
    tall = _three(64, 32).transpose(Image.Transpose.ROTATE_90)
    assert tall.size == (32, 64)
    assert set(np.asarray(fit(tall, 16, "crop"))[1:-1, 8].reshape(-1, 3)[:, 1]) == {200}


def test_pad_keeps_whole_image_and_shape_in_a_black_square() -> None:
    padded = np.asarray(fit(_three(64, 32), 16, "pad"))
    assert padded.shape == (16, 16, 3)
    assert not padded[:4].any()
    assert not padded[-4:].any()
    assert padded[4:12].any(axis=-1).all()
    assert padded[8, 0].tolist() == list(RED)
    assert padded[8, -1].tolist() == list(BLUE)
    tall = np.asarray(fit(_three(64, 32).transpose(Image.Transpose.ROTATE_270), 16, "pad"))
    np.testing.assert_array_equal(tall, np.rot90(padded, -1))


@pytest.mark.parametrize("resize", ["squash", "crop", "pad"])
def test_image_of_the_right_size_is_left_alone(resize: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    np.testing.assert_array_equal(np.asarray(fit(Image.fromarray(pixels), 16, resize)), pixels)


def test_thin_images_keep_a_pixel() -> None:
    assert target(1000, 1, 16, "pad") == (16, 1)
    assert fit(Image.new("RGB", (1000, 1)), 16, "pad").size == (16, 16)


def test_extent_cuts_what_lies_beyond_the_picture() -> None:
    image = Image.new("RGB", (20, 16), GREEN)
    image.paste(RED, (16, 0, 20, 16))
    assert set(_row(fit(image, 8, "squash", extent=(16.0, 16.0)))[:-1]) == {GREEN}  # the filter reaches one further
    assert RED in _row(fit(image, 8, "squash"))


def test_enough_is_a_fifth_more_than_the_image_takes() -> None:
    assert SPARE == 1.2
    assert enough(2000, 1000, 224, "squash") == enough(2000, 1000, 224, "crop") == (269, 269)
    assert enough(2000, 1500, 224, "pad") == (269, 202)


@pytest.mark.parametrize("side", [63, 64, 65, 1000, 4001])
def test_no_jpeg_is_reduced_to_an_eighth(side: int) -> None:
    wide, high = enough(side, side, 1, "squash")
    assert 4 <= side // wide < 8  # Pillow takes the reduction from this quotient
    assert side // high == side // wide
