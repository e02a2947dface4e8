import tracemalloc

import numpy as np
import pytest

from nevus.corpus.similar import similar_pairs
from nevus.corpus.thumbnails import Floats, correlate, turn


@pytest.fixture(scope="module")
def thumbnails() -> Floats:
    """60 random ones of which some are mixtures of others, so that there are all degrees of likeness."""
    rng = np.random.default_rng(0)
    images = rng.normal(size=(60, 16, 16, 3)).astype(np.float32)
    images[40:] += np.linspace(0.3, 3, 20, dtype=np.float32)[:, None, None, None] * turn(images[:20], 5)
    return images / np.sqrt((images**2).sum(axis=(1, 2, 3), keepdims=True))


def _plainly(thumbnails: Floats, least: float) -> set[tuple[int, int, int, float]]:
    found = set()
    for first in range(len(thumbnails)):
        for second in range(first + 1, len(thumbnails)):
            scores = [
                correlate(thumbnails[first : first + 1], np.ascontiguousarray(turn(thumbnails[[second]], symmetry)))[0]
                for symmetry in range(8)
            ]
            if max(scores) >= least:
                found.add((first, second, int(np.argmax(scores)), float(max(scores))))
    return found


@pytest.mark.parametrize("least", [0.05, 0.3, 0.8])
def test_pairs_are_those_of_comparing_all_with_all(thumbnails: Floats, least: float) -> None:
    pairs, more = similar_pairs(thumbnails, least=least, block=16, max_pairs=10_000)
    table = np.column_stack([pairs.first, pairs.second, pairs.symmetry, pairs.correlation])
    assert set(map(tuple, table.tolist())) == _plainly(thumbnails, least)
    assert not more
    assert (np.diff(pairs.correlation) <= 0).all()


@pytest.mark.parametrize("block", [1, 7, 60, 1000])
def test_blocks_do_not_change_the_result(thumbnails: Floats, block: int) -> None:
    reference, _ = similar_pairs(thumbnails, least=0.1, block=16, max_pairs=50)
    pairs, more = similar_pairs(thumbnails, least=0.1, block=block, max_pairs=50)
    assert more
    for values, wanted in zip(pairs, reference, strict=True):
        assert np.array_equal(values, wanted)


def test_only_the_most_alike_are_kept_and_it_is_said(thumbnails: Floats) -> None:
    every, _ = similar_pairs(thumbnails, least=0.1, block=16, max_pairs=10_000)
    some, more = similar_pairs(thumbnails, least=0.1, block=16, max_pairs=5)
    assert more
    assert len(some.first) == 5
    assert np.array_equal(some.correlation, every.correlation[:5])


def test_memory_is_that_of_a_block_not_of_all_with_all() -> None:
    images = np.random.default_rng(0).normal(size=(2000, 16, 16, 3)).astype(np.float32)
    images /= np.sqrt((images**2).sum(axis=(1, 2, 3), keepdims=True))
    tracemalloc.start()
    similar_pairs(images, least=0.9, block=64, max_pairs=100)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    everything = len(images) ** 2 * 8 * 4
    assert peak < 0.4 * everything


def test_an_empty_corpus_has_no_pairs() -> None:
    pairs, more = similar_pairs(np.zeros((0, 16, 16, 3), np.float32), least=0.8, block=16, max_pairs=5)
    assert len(pairs.first) == 0
    assert not more
