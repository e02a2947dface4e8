import numpy as np
import pytest

from nevus.metrics.mcnemar import mcnemar


def right(*counts):
    """Whether both, only the one, only the other and neither are right, for so many images each."""
    return (np.repeat(pattern, counts) for pattern in ([True, True, False, False], [True, False, True, False]))


def test_only_images_that_one_of_the_two_calls_rightly_count():
    assert mcnemar(*right(100, 1, 9, 50)) == mcnemar(*right(3, 1, 9, 0))


def test_the_p_value_is_that_of_ten_tosses_of_a_coin():
    found = mcnemar(*right(5, 1, 9, 5))
    assert found[:2] == (1, 9)
    assert found.p_value == pytest.approx(2 * (1 + 10) / 2**10)
    assert mcnemar(*right(5, 9, 1, 5)).p_value == found.p_value


def test_methods_that_disagree_nowhere_do_not_differ():
    assert mcnemar(*right(7, 0, 0, 3)) == (0, 0, 1.0)
