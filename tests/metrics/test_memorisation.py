import numpy as np
import pytest

from nevus.contracts import CorpusError
from nevus.metrics.memorisation import closest_pairs, memorisation
from nevus.metrics.neighbours import Nearest, nearest_of_views
from nevus.metrics.options import MemorisationOptions

OPTIONS = MemorisationOptions(quantile=0.01, confidence=0.95)
RNG = np.random.default_rng(0)
POOL = RNG.normal(size=(500, 16)).astype(np.float32)


def views(images, number=8):
    """Views of which the third is the image itself, the others are far away."""
    far = 100 + RNG.normal(size=(len(images), number, images.shape[1])).astype(np.float32)
    far[:, 2] = images
    return far


def fresh(n):
    return RNG.normal(size=(n, 16)).astype(np.float32)


def test_the_nearest_training_image_is_found_in_whichever_view_it_is():
    found = nearest_of_views([views(POOL[7:10]), views(POOL[[3]] + 0.01)], POOL)
    assert found.position.tolist() == [7, 8, 9, 3]
    assert found.view.tolist() == [2, 2, 2, 2]
    assert found.distance == pytest.approx([0, 0, 0, 0.04], abs=1e-3)


def test_no_images_have_no_neighbours():
    assert len(nearest_of_views([], POOL).distance) == 0


def test_copies_are_counted_and_fresh_images_are_like_held_out_ones():
    held_out = nearest_of_views([views(fresh(400))], POOL)
    independent = memorisation(nearest_of_views([views(fresh(400))], POOL), held_out, OPTIONS)
    assert independent.held_out_rate == pytest.approx(0.01, abs=0.003)
    assert not independent.beyond_held_out
    assert independent.closeness == pytest.approx(1, abs=0.1)
    half = np.concatenate([fresh(200), POOL[:200] + 0.001])
    copied = memorisation(nearest_of_views([views(half)], POOL), held_out, OPTIONS)
    assert copied.rate == pytest.approx(0.5, abs=0.02)
    assert copied.low < copied.rate < copied.high
    assert copied.beyond_held_out
    assert copied.closeness < 0.9
    assert (copied.images, copied.held_out) == (400, 400)


def test_images_no_nearer_than_held_out_ones_are_no_copies():
    far = Nearest(np.full(100, 9.0), np.zeros(100, dtype=np.int64), np.zeros(100, dtype=np.int64))
    near = far._replace(distance=np.full(100, 1.0))
    assert memorisation(far, near, OPTIONS).rate == 0
    assert memorisation(near, far, OPTIONS).rate == 1


def test_the_closest_pairs_come_first():
    found = Nearest(np.array([3.0, 1.0, 2.0]), np.array([5, 6, 7]), np.array([0, 4, 1]))
    pairs = closest_pairs(found, 2)
    assert pairs.to_dict("list") == {
        "image": [1, 2],
        "training": [6, 7],
        "view": [4, 1],
        "distance": [1.0, 2.0],
    }


@pytest.mark.parametrize(("generated", "held_out"), [(10, 99), (0, 200)])
def test_a_quantile_needs_enough_held_out_images(generated, held_out):
    def of(n):
        return nearest_of_views([views(fresh(n))] if n else [], POOL)

    with pytest.raises(CorpusError, match="100 held-out images at least"):
        memorisation(of(generated), of(held_out), OPTIONS)
