import numpy as np
import pytest

from nevus.contracts import Pixels
from nevus.corpus.thumbnails import correlate, thumbnails, turn
from tests.corpus.drawings import brighter, drawings


@pytest.fixture(scope="module")
def images() -> Pixels:
    return drawings(12)


def _all(images: Pixels) -> np.ndarray:
    return thumbnails(images, np.arange(len(images)))


def test_thumbnails_have_mean_zero_and_unit_length(images: Pixels) -> None:
    found = _all(images)
    assert found.shape == (12, 16, 16, 3)
    assert np.allclose(found.mean(axis=(1, 2)), 0, atol=1e-6)
    assert np.allclose((found**2).sum(axis=(1, 2, 3)), 1, atol=1e-5)


@pytest.mark.parametrize("symmetry", range(8))
def test_a_turned_image_has_the_turned_thumbnail(images: Pixels, symmetry: int) -> None:
    assert np.allclose(_all(turn(images, symmetry)), turn(_all(images), symmetry), atol=1e-4)


def test_symmetries_are_eight_different_ones_and_the_first_does_nothing(images: Pixels) -> None:
    turned = [turn(images[:1], symmetry).tobytes() for symmetry in range(8)]
    assert turned[0] == images[:1].tobytes()
    assert len(set(turned)) == 8
    assert np.array_equal(turn(images, 1)[:, 0, 0], images[:, 0, -1])  # to the left: the upper right comes up left


def test_light_and_contrast_hardly_count(images: Pixels) -> None:
    darker = (images * 0.8).astype(np.uint8)
    assert correlate(_all(images), _all(brighter(images, 12))).min() > 0.95
    assert correlate(_all(images), _all(darker)).min() > 0.95


def test_flat_images_correlate_with_nothing() -> None:
    flat = np.stack([np.full((40, 40, 3), value, np.uint8) for value in (0, 7, 255)])
    assert not _all(flat).any()


def test_chosen_rows_are_those_of_the_whole_and_memory_is_read_in_parts(
    images: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _all(images)
    monkeypatch.setattr("nevus.corpus.thumbnails.SOURCE_PIXELS", 5 * 96 * 96)
    assert np.allclose(_all(images), whole, atol=1e-6)
    assert np.allclose(thumbnails(images, np.array([7, 2])), whole[[7, 2]], atol=1e-6)
