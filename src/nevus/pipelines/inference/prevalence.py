"""Probabilities for where images come from, rather than for where a classifier was trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nevus.contracts import NevusError

PARAMETER = "inference.prevalence"


def corrected(
    probabilities: NDArray[np.float32], spec: Mapping[str, Any], prevalence: Mapping[str, float], *, name: str
) -> NDArray[np.float32]:
    """Shift the logarithm of each class's probability by log(target / source).

    Args:
        probabilities: (N, K).
        spec: `Classifier.spec`; `prior` says how frequent the classes were in training.
        prevalence: Shares of classes where the images come from.
        name: Of the run, for messages.

    Returns:
        (N, K), rows adding up to 1.

    Raises:
        NevusError: The classifier does not say its prior, or there are no such shares.
    """
    from nevus.metrics.priors import correct

    classes, before = list(spec["classes"]), spec.get("prior")
    if before is None:
        raise NevusError(
            f"{PARAMETER}: {name} was saved before runs said how frequent each class was in their training, so nothing "
            "can be corrected. Train it again, or set inference.prevalence to null."
        )
    after = target(prevalence, classes, before)
    found = correct(probabilities.astype(np.float64), np.asarray(before, dtype=np.float64), after)
    return found.astype(np.float32)


def target(prevalence: Mapping[str, float], classes: Sequence[str], before: Sequence[float]) -> NDArray[np.float64]:
    """The (K,) shares where the images come from; classes that are not named share the rest as they did before.

    Raises:
        NevusError: There is no such class, or the shares do not add up to 1.
    """
    if unknown := [name for name in prevalence if name not in classes]:
        raise NevusError(f"{PARAMETER}: there is no class '{unknown[0]}'. Classes: {', '.join(classes)}.")
    named = sum(prevalence.values())
    rest = [share for name, share in zip(classes, before, strict=True) if name not in prevalence]
    if named >= 1 if rest else abs(named - 1) > 1e-6:
        raise NevusError(
            f"{PARAMETER}: the shares of {', '.join(prevalence)} add up to {named:g}; "
            f"{'that of all others has to be left' if rest else 'those of all classes have to add up to 1'}."
        )
    return np.array(
        [
            prevalence[name] if name in prevalence else share * (1 - named) / sum(rest)
            for name, share in zip(classes, before, strict=True)
        ]
    )
