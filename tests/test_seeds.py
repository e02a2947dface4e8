import itertools

import numpy as np
import pytest

from nevus.seeds import derived


def test_no_two_purposes_or_seeds_share_a_seed():
    grid = itertools.product(range(200), ["fold", "step", "latents"], range(100))
    assert len({derived(*point) for point in grid}) == 200 * 3 * 100


def test_the_parts_of_a_purpose_are_told_apart():
    seeds = [derived(1, "a", 12), derived(1, "a", 1, 2), derived(11, "a", 2), derived(1, "a12"), derived(1, 12, "a")]
    assert len(set(seeds)) == 5


def test_a_seed_is_the_same_on_every_machine_and_for_every_kind_of_number():
    assert derived(0, "fold", 3) == derived(np.int64(0), "fold", np.int32(3)) == 3519505540871500024


@pytest.mark.parametrize("bits", [8, 31, 32, 63, 64])
def test_a_seed_has_the_bits_asked_for(bits):
    drawn = [derived(seed, "x", bits=bits) for seed in range(2000)]
    assert 2 ** (bits - 1) < max(drawn) < 2**bits
    assert min(drawn) >= 0
