import itertools

import numpy as np
import pytest

from nevus.training.sampling import balanced, cyclic, natural, part, unlabeled, weighted


def test_a_round_shows_every_image_once_before_any_comes_again():
    pool = np.arange(10)
    drawn = np.concatenate([cyclic(pool, step=step, batch=4, seed=0, purpose="test") for step in range(5)])
    assert sorted(drawn[:10]) == sorted(drawn[10:]) == list(range(10))
    assert drawn[:10].tolist() != drawn[10:].tolist()


def test_a_batch_may_exceed_the_pool():
    assert len(cyclic(np.arange(3), step=2, batch=8, seed=0, purpose="test")) == 8


def test_batches_depend_on_step_seed_and_purpose_alone():
    def draw(seed, purpose):
        return cyclic(np.arange(100), step=7, batch=8, seed=seed, purpose=purpose).tolist()

    assert draw(1, "test") == draw(1, "test")
    assert draw(1, "test") != draw(2, "test")
    assert draw(1, "test") != draw(1, "another")


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


def test_no_two_orders_of_any_seed_class_purpose_or_round_are_the_same():
    # Far seeds too: sums of a seed and a multiple of something meet sooner or later.
    seeds = [*range(12), *(7919 * k + d for k in (1, 2, 3) for d in (-1, 0, 1)), 1000, 1001, 2**31 - 1]
    size, classes, rounds = 24, 5, 3
    labels = np.repeat(np.arange(classes), size)
    orders = {}
    for seed, step in itertools.product(seeds, range(rounds)):
        whole = balanced(labels, step=step, batch=size * classes, seed=seed)
        for label in range(classes):
            orders[seed, step, "class", label] = whole[labels[whole] == label] - size * label
        orders[seed, step, "natural"] = natural(size, step=step, batch=size, seed=seed)
        orders[seed, step, "unlabeled"] = unlabeled(size, step=step, batch=size, seed=seed)
    assert all(sorted(order) == list(range(size)) for order in orders.values())
    assert len({order.tobytes() for order in orders.values()}) == len(orders) == len(seeds) * rounds * (classes + 2)
    # Nor alike: places of unrelated orders agree once in `size` times.
    stack = np.stack(list(orders.values()))
    agreeing = np.array([(stack[index] == stack[index + 1 :]).mean(axis=1).max() for index in range(len(stack) - 1)])
    assert agreeing.max() < 0.5


def test_the_pools_of_classes_may_differ_in_size():
    labels = np.array([0] * 7 + [1] * 3)
    drawn = np.concatenate([balanced(labels, step=step, batch=2, seed=0) for step in range(21)])
    assert np.bincount(drawn).tolist() == [3] * 7 + [7] * 3


def test_weighted_draws_are_the_same_for_a_seed_and_step_and_other_for_others():
    shares = np.random.default_rng(0).dirichlet(np.ones(100))
    first = weighted(shares, step=3, batch=32, seed=1)
    assert np.array_equal(first, weighted(shares, step=3, batch=32, seed=1))
    assert not np.array_equal(first, weighted(shares, step=4, batch=32, seed=1))
    assert not np.array_equal(first, weighted(shares, step=3, batch=32, seed=2))
    slices = [weighted(shares, step=3, batch=32, seed=1, rank=rank, world_size=3) for rank in range(3)]
    assert np.array_equal(np.concatenate(slices), first)


def test_an_image_comes_as_often_as_its_share_says_up_to_rounding():
    shares = np.array([0.5, 0.3, 0.15, 0.05, 0.0])
    counts = [np.bincount(weighted(shares, step=step, batch=10, seed=0), minlength=5) for step in range(2000)]
    assert all(np.abs(count - 10 * shares).max() < 1 for count in counts)
    assert np.mean(counts, axis=0) == pytest.approx(10 * shares, abs=0.05)
