import numpy as np
import pytest

from nevus.training.sampling import balanced, cyclic, natural, part, unlabeled


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


def test_natural_batches_hold_the_classes_as_they_are():
    labels = np.array([0] * 90 + [1] * 10)
    drawn = np.concatenate([natural(100, step=step, batch=20, seed=0) for step in range(5)])
    assert np.bincount(labels[drawn]).tolist() == [90, 10]


DRAWS = {
    "balanced": lambda **how: balanced(np.array([0] * 19 + [1] * 7 + [2] * 3), **how),
    "natural": lambda **how: natural(29, **how),
    "unlabeled": lambda **how: unlabeled(29, **how),
}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_the_parts_of_the_processes_make_the_batch_of_one(draw):
    for world_size in (1, 2, 3, 4, 7, 8):
        for batch in range(world_size, 41, 4):
            for step in (0, 7):
                whole = draw(step=step, batch=batch, seed=3)
                parts = [
                    draw(step=step, batch=batch, seed=3, rank=rank, world_size=world_size) for rank in range(world_size)
                ]
                assert np.array_equal(np.concatenate(parts), whole)
                sizes = [len(some) for some in parts]
                assert max(sizes) - min(sizes) <= 1


def test_the_parts_of_a_balanced_batch_are_balanced():
    labels = np.arange(30) % 2
    for rank in range(4):
        chosen = balanced(labels, step=3, batch=32, seed=0, rank=rank, world_size=4)
        assert np.bincount(labels[chosen]).tolist() == [4, 4]


def test_a_process_beyond_the_batch_gets_nothing_and_no_image_is_lost():
    parts = [part(np.arange(2), rank=rank, world_size=3) for rank in range(3)]
    assert sorted(len(some) for some in parts) == [0, 1, 1]
