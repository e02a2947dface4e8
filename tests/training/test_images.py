import numpy as np
import torch

from nevus.training.adversarial import tile
from nevus.training.images import to_images, to_pixels


def test_pixels_survive_the_way_to_the_network_and_back():
    pixels = np.random.default_rng(0).integers(0, 256, (3, 4, 5, 3), dtype=np.uint8)
    images = to_images(pixels)
    assert images.shape == (3, 3, 4, 5)
    assert images.min() >= -1
    assert images.max() <= 1
    assert np.array_equal(to_pixels(images), pixels)


def test_values_outside_the_range_are_clipped():
    assert to_pixels(torch.full((1, 3, 1, 1), 7.0)).max() == 255


def test_a_grid_is_filled_row_by_row():
    images = np.arange(4, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), dtype=np.uint8)
    picture = tile(images, columns=2)
    assert picture.shape == (4, 4, 3)
    assert picture[::2, ::2, 0].tolist() == [[0, 1], [2, 3]]
