import numpy as np
import torch

from nevus.training.adversarial import tile
from nevus.training.batches import balanced, cyclic, to_images, to_pixels


def test_a_round_shows_every_image_once_before_any_comes_again():
    pool = np.arange(10)
    drawn = np.concatenate([cyclic(pool, step=step, batch=4, seed=0) for step in range(5)])
    assert sorted(drawn[:10]) == sorted(drawn[10:]) == list(range(10))
    assert drawn[:10].tolist() != drawn[10:].tolist()


def test_a_batch_may_exceed_the_pool():
    assert len(cyclic(np.arange(3), step=2, batch=8, seed=0)) == 8


def test_batches_depend_on_step_and_seed_alone():
    pool = np.arange(100)
    assert np.array_equal(cyclic(pool, step=7, batch=8, seed=1), cyclic(pool, step=7, batch=8, seed=1))
    assert not np.array_equal(cyclic(pool, step=7, batch=8, seed=1), cyclic(pool, step=7, batch=8, seed=2))


def test_labeled_batches_hold_as_many_of_each_class_however_rare():
    labels = np.array([0] * 95 + [1] * 5)
    for step in range(20):
        chosen = balanced(labels, step=step, batch=16, seed=0)
        assert np.bincount(labels[chosen]).tolist() == [8, 8]


def test_an_odd_batch_favours_no_class_in_the_long_run():
    labels = np.arange(30) % 3
    drawn = np.concatenate([balanced(labels, step=step, batch=4, seed=0) for step in range(30)])
    assert np.bincount(labels[drawn]).tolist() == [40, 40, 40]


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
