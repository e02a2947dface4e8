"""Two ways in which a GAN goes wrong while it trains: images that are all alike, and a discriminator that wins."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nevus.contracts import CorpusError, Table
from nevus.metrics.options import TroubleOptions

LARGEST = 1000  # images between which all distances are taken


class Diversity(NamedTuple):
    """How different generated images are, each as a share of what as many real ones have.

    Attributes:
        pairwise: Mean distance between two of them: 0 where all are one image, about 1 where they differ as real ones
            do. Four images again and again still have three quarters of it.
        nearest: Mean distance of each to the one nearest to it: 0 where a few images come again and again.
    """

    pairwise: float
    nearest: float


def diversity(generated: NDArray[Any], real: NDArray[Any], *, seed: int = 0) -> Diversity:
    """Compare the distances among generated images with those among real ones.

    Args:
        generated: (n, F).
        real: (m, F), not all alike.
        seed: Of the draw of as many of each, 1,000 at most.

    Raises:
        CorpusError: There are fewer than two of a kind, or each real image is there twice.
    """
    count = min(len(generated), len(real), LARGEST)
    if count < 2:
        raise CorpusError(
            f"distances among images need two of each kind, but there are {len(generated)} generated and {len(real)} "
            "real ones."
        )
    generator = np.random.default_rng(seed)
    among = [distances(found[generator.permutation(len(found))[:count]]) for found in (generated, real)]
    (pairwise, nearest), (usual, usually_nearest) = among
    if usually_nearest == 0:
        raise CorpusError("all real images have copies among them, so nothing can be said of the generated ones.")
    return Diversity(pairwise / usual, nearest / usually_nearest)


def distances(features: NDArray[Any]) -> tuple[float, float]:
    """Mean distance between two of (n, F), and mean distance of each to the nearest other one."""
    from scipy.spatial.distance import pdist, squareform

    pairs = pdist(features)
    matrix = squareform(pairs)
    np.fill_diagonal(matrix, np.inf)
    return float(pairs.mean()), float(matrix.min(axis=1).mean())


def troubles(history: Table, found: Diversity, options: TroubleOptions) -> list[str]:
    """What has gone wrong, a sentence each with what may help.

    Args:
        history: Of the training; `told_apart` is read, where there is one.
        found: Of the images of now.
        options: When to say so.
    """
    said = []
    if min(found) < options.least_diversity:
        said.append(
            f"generated images are alike (mode collapse): two of them differ by {found.pairwise:.2f} of what two real "
            f"ones do, and the two most alike by {found.nearest:.2f}. Lower the learning rates, take the objective "
            "relativistic with r1 and r2, or augment less."
        )
    if discriminator_wins(history, options):
        said.append(
            f"the discriminator has won: in the last {options.rows} rows of the history it scored at least "
            f"{options.told_apart:.0%} of the real images above generated ones. Augment more, raise r1, or lower the "
            "discriminator's learning rate."
        )
    return said


def discriminator_wins(history: Table, options: TroubleOptions) -> bool:
    """Whether nearly all pairs were told apart in each of the last rows."""
    if "told_apart" not in history:
        return False
    last = history["told_apart"].dropna().tail(options.rows)
    return len(last) == options.rows and bool((last >= options.told_apart).all())
