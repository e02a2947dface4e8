"""Where in an image a saved classifier finds its answer, whatever it was put together of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nevus.contracts import Pixels, Weights
from nevus.networks.build import restore
from nevus.pipelines.inference.scoring import without_number
from nevus.training.attribution import NoFeatureMapError, brought_to_one, grad_cam
from nevus.training.runtime import Runtime


def heat_maps(
    spec: Mapping[str, Any], weights: Weights, pixels: Pixels, targets: Sequence[int], runtime: Runtime
) -> NDArray[np.float32]:
    """Heat maps of the network (`training.attribution.grad_cam`), or the mean of those of the members of an ensemble.

    They are of the image alone: what metadata add to the probability has no place in it.

    Args:
        spec: `Classifier.spec`.
        weights: `Classifier.weights`.
        pixels: (N, H, W, 3) uint8, of the size that it was trained with.
        targets: (N,), the class of each image whose evidence is wanted.
        runtime: Device and precision.

    Returns:
        (N, H, W) float32 in [0, 1].

    Raises:
        NoFeatureMapError: It has no network, or one without a feature map.
    """
    if members := spec.get("members"):
        own = [without_number(weights, number) for number in range(len(members))]
        maps = [heat_maps(one, some, pixels, targets, runtime) for one, some in zip(members.values(), own, strict=True)]
        return brought_to_one(np.stack(maps).mean(axis=0))
    if "network" not in spec:
        raise NoFeatureMapError(
            "a heat map needs a network, and this run has none: its probabilities were made elsewhere or otherwise."
        )
    network = restore(spec, weights)
    return grad_cam(network, pixels, targets, runtime, average_d4=bool(spec.get("average_d4", False)))
