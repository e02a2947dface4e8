"""Whether generated images are copies of training images.

A generated image is held against its nearest training image, and held-out real images against theirs, as in
arXiv:2004.05675: real images lie near one another too. What is nearer than nearly all held-out images are is counted
as a copy. A rate like that of held-out images does not show that no person can be recognised.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest

from nevus.contracts import CorpusError, Table
from nevus.metrics.neighbours import Nearest
from nevus.metrics.options import MemorisationOptions


class Memorisation(NamedTuple):
    """How many generated images are copies.

    Attributes:
        rate: Share of the generated images.
        low: Lower end of its Wilson interval.
        high: Upper end.
        held_out_rate: The same share of held-out real images; about the quantile that was asked for.
        threshold: The distance up to which an image counts as a copy.
        closeness: Median distance of generated images divided by that of held-out ones; below 1 where they are nearer.
        images: Number of generated images.
        held_out: Number of held-out ones.
    """

    rate: float
    low: float
    high: float
    held_out_rate: float
    threshold: float
    closeness: float
    images: int
    held_out: int

    @property
    def beyond_held_out(self) -> bool:
        """Whether more generated images are copies than chance would explain."""
        return self.low > self.held_out_rate


def memorisation(generated: Nearest, held_out: Nearest, options: MemorisationOptions) -> Memorisation:
    """Count generated images that are nearer a training image than nearly all held-out real images are.

    Args:
        generated: What is nearest to each generated image, over its eight symmetries.
        held_out: What is nearest to each held-out real image, likewise; none of them, and no image of their lesions, is
            a training image.
        options: The quantile of the held-out distances that is the threshold.

    Raises:
        CorpusError: There are no generated images, or too few held-out ones for the quantile.
    """
    least = round(1 / options.quantile)
    if len(held_out.distance) < least or not len(generated.distance):
        raise CorpusError(
            f"copies are counted against {least} held-out images at least, for a quantile of {options.quantile:g}, but "
            f"there are {len(held_out.distance)} held-out and {len(generated.distance)} generated ones. Hold out more, "
            "or raise the quantile."
        )
    threshold = float(np.quantile(held_out.distance, options.quantile, method="lower"))
    copies = int((generated.distance <= threshold).sum())
    middle = float(np.median(held_out.distance))
    interval = binomtest(copies, len(generated.distance)).proportion_ci(options.confidence, method="wilson")
    return Memorisation(
        rate=copies / len(generated.distance),
        low=float(interval.low),
        high=float(interval.high),
        held_out_rate=float((held_out.distance <= threshold).mean()),
        threshold=threshold,
        closeness=float(np.median(generated.distance)) / middle if middle else float("nan"),
        images=len(generated.distance),
        held_out=len(held_out.distance),
    )


def closest_pairs(found: Nearest, number: int) -> Table:
    """The images that are nearest a training image, the nearest first.

    Args:
        found: What is nearest to each image.
        number: Of pairs, at most.

    Returns:
        `image` (position among the images), `training` (position in the pool), `view` (how the image is turned to be
        that near) and `distance`.
    """
    import pandas as pd

    order = np.argsort(found.distance, kind="stable")[:number]
    return pd.DataFrame(
        {
            "image": order.astype(np.int64),
            "training": found.position[order],
            "view": found.view[order],
            "distance": found.distance[order],
        }
    )
