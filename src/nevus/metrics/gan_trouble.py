"""Two ways in which a GAN goes wrong while it trains: images that are all alike, and a discriminator that wins."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nevus.contracts import CorpusError, Table
from nevus.metrics.options import TroubleOptions

LARGEST = 1000  # images between which all distances are taken


def pairwise_distance(features: NDArray[Any], *, seed: int = 0) -> float:
    """Mean distance between two different images, of at most 1,000 that are drawn.

    Args:
        features: (n, F).
        seed: Of the draw.

    Raises:
        CorpusError: There are fewer than two.
    """
    from scipy.spatial.distance import pdist

    if len(features) < 2:
        raise CorpusError(f"a distance between images needs two of them, but there are {len(features)}.")
    chosen = np.random.default_rng(seed).permutation(len(features))[:LARGEST]
    return float(pdist(features[chosen]).mean())


def diversity(generated: NDArray[Any], real: NDArray[Any]) -> float:
    """How different generated images are: their mean pairwise distance, as a share of that of real ones.

    Args:
        generated: (n, F).
        real: (m, F), not all alike.

    Returns:
        0 where all are one image, about 1 where they differ as real ones do.

    Raises:
        CorpusError: There are fewer than two of a kind, or the real ones are all alike.
    """
    apart = pairwise_distance(real)
    if apart == 0:
        raise CorpusError("all real images have the same features, so nothing can be said of the generated ones.")
    return pairwise_distance(generated) / apart


def troubles(history: Table, share: float, options: TroubleOptions) -> list[str]:
    """What has gone wrong, a sentence each with what may help.

    Args:
        history: Of the training; `told_apart` is read, where there is one.
        share: `diversity` of the images of now.
        options: When to say so.
    """
    found = []
    if share < options.least_diversity:
        found.append(
            f"generated images are alike: two of them differ by {share:.2f} of what two real ones do (mode collapse). "
            "Lower the learning rates, take the objective relativistic with r1 and r2, or augment less."
        )
    if discriminator_wins(history, options):
        found.append(
            f"the discriminator has won: in the last {options.rows} rows of the history it scored at least "
            f"{options.told_apart:.0%} of the real images above generated ones. Augment more, raise r1, or lower the "
            "discriminator's learning rate."
        )
    return found


def discriminator_wins(history: Table, options: TroubleOptions) -> bool:
    """Whether nearly all pairs were told apart in each of the last rows."""
    if "told_apart" not in history:
        return False
    last = history["told_apart"].dropna().tail(options.rows)
    return len(last) == options.rows and bool((last >= options.told_apart).all())
