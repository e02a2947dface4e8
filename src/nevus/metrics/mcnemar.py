"""Whether two methods decide equally well on the same images."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray
from scipy.stats import binomtest


class McNemar(NamedTuple):
    """McNemar's test.

    Attributes:
        only_one: Images that only the one calls rightly.
        only_other: Images that only the other calls rightly.
        p_value: Two-sided, exact.
    """

    only_one: int
    only_other: int
    p_value: float


def mcnemar(one: NDArray[Any], other: NDArray[Any]) -> McNemar:
    """Test whether two methods are right equally often (McNemar 1947), by the binomial distribution.

    Images count as independent: where a lesion has several, the p-value is too small, and the interval of the
    difference in accuracy, which is taken over lesions, is the one to believe.

    Args:
        one: (n,), whether the one calls the image rightly.
        other: (n,), whether the other does.

    Returns:
        What they disagree in, and the p-value; 1 where they disagree in nothing.
    """
    only_one, only_other = int((one & ~other).sum()), int((other & ~one).sum())
    disagreeing = only_one + only_other
    return McNemar(only_one, only_other, float(binomtest(only_one, disagreeing).pvalue) if disagreeing else 1.0)
