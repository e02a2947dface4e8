"""How much of what is learnt from the teachers is of each class."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nevus.contracts import CorpusError
from nevus.pipelines.distillation.params import Mass

logger = logging.getLogger(__name__)

Bounds = tuple[NDArray[np.float64], NDArray[np.float64]]  # (K,) lowest and highest share of each class
NEAR = 0.005  # of a bound that counts as kept


def bounds_of(mass: Mass, classes: Sequence[str]) -> Bounds | None:
    """The lowest and highest share of each class; None where images are drawn as they are.

    Raises:
        CorpusError: It is of a class that there is not, of two classes where there are more, or of shares that no
            images have.
    """
    if mass is None:
        return None
    count = len(classes)
    lowest, highest = np.zeros(count), np.ones(count)
    if mass == "balanced":
        return lowest + 1 / count, highest / count
    if isinstance(mass, tuple):
        if count > 2:
            raise CorpusError(
                f"mass: {mass[0]:g} to {mass[1]:g} is that of the second of two classes, but here are {count}: "
                f"{', '.join(classes)}. Set mass to balanced, or name classes: {{{classes[-1]}: [0.2, 0.4]}}."
            )
        mass = {classes[1]: mass}
    for name, (low, high) in mass.items():
        if name not in classes:
            raise CorpusError(f"mass: there is no class '{name}'. Classes: {', '.join(classes)}.")
        lowest[classes.index(name)], highest[classes.index(name)] = low, high
    if lowest.sum() > 1 or highest.sum() < 1:
        raise CorpusError(
            f"mass: shares of {lowest.sum():g} to {highest.sum():g} in all cannot add up to 1. Make the ranges wider, "
            "or name fewer classes."
        )
    return lowest, highest


def shares_of_draws(soft_labels: NDArray[np.float32], bounds: Bounds, classes: Sequence[str]) -> NDArray[np.float64]:
    """How often each unlabelled image is drawn, (U,) adding up to 1; what comes of it is logged."""
    from nevus.training.class_mass import effective_number, shares_for

    exact = soft_labels.astype(np.float64)
    shares = shares_for(exact, *bounds)
    before, after = exact.mean(axis=0), shares @ exact
    moved = ", ".join(f"{name} {old:.3f} to {new:.3f}" for name, old, new in zip(classes, before, after, strict=True))
    logger.info(
        "soft labels of the unlabelled images, by drawing some more often: %s; as varied as %.0f of %d images",
        moved,
        effective_number(shares),
        len(shares),
    )
    for name, low, high, new in zip(classes, *bounds, after, strict=True):
        if not low - NEAR <= new <= high + NEAR:
            logger.warning(
                "mass: %.2f to %.2f of %s were asked for, but no images differ enough from the others: it is %.2f",
                *(low, high, name, new),
            )
    return shares
