"""How a saved classifier scores images, whatever it was put together of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nevus.contracts import Pixels, Table, Weights
from nevus.metrics.recalibration import recalibrated
from nevus.networks.build import restore
from nevus.training.late_fusion import alone, fuse
from nevus.training.prediction import predict_probabilities
from nevus.training.runtime import Runtime


class Scores(NamedTuple):
    """What a classifier says of images.

    Attributes:
        probabilities: (N, K) float32, rows adding up to 1.
        parts: What each thing that they were put together of says alone, likewise, by its name.
    """

    probabilities: NDArray[np.float32]
    parts: dict[str, NDArray[np.float32]]


class Scorer:
    """A network, perhaps with metadata beside it, or several whose probabilities are averaged; calibrated if it was.

    Args:
        spec: `Classifier.spec`.
        weights: `Classifier.weights`; those of the members of an ensemble have the member's number in front.
    """

    def __init__(self, spec: Mapping[str, Any], weights: Weights) -> None:
        self._spec = spec
        members: Mapping[str, Any] = spec.get("members", {})
        self._members = {
            name: Scorer(own, without_number(weights, number)) for number, (name, own) in enumerate(members.items())
        }
        self._network = None if members else restore(spec, weights)

    def score(self, pixels: Pixels, rows: Table, runtime: Runtime) -> Scores:
        """Score images.

        Args:
            pixels: (N, H, W, 3) uint8, of the size that it was trained with.
            rows: N rows with what `metadata_read` names.
            runtime: Device and precision.

        Returns:
            Calibrated probabilities where the spec has a `calibration`; the parts are as they were before.
        """
        found = self._plain(pixels, rows, runtime)
        if (calibration := self._spec.get("calibration")) is None:
            return found
        return found._replace(probabilities=recalibrated(found.probabilities, calibration))

    def _plain(self, pixels: Pixels, rows: Table, runtime: Runtime) -> Scores:
        if self._network is None:
            parts = {name: one.score(pixels, rows, runtime).probabilities for name, one in self._members.items()}
            return Scores(np.stack(list(parts.values())).mean(axis=0), parts)
        average_d4 = bool(self._spec["average_d4"])
        image = predict_probabilities(self._network, pixels, average_d4=average_d4, runtime=runtime)
        if (metadata := self._spec.get("metadata")) is None:
            return Scores(image, {})
        parts = {"image": image, "metadata": alone(metadata, rows, image.shape[1])}
        return Scores(fuse(image, metadata, rows), parts)


def without_number(weights: Weights, number: int) -> Weights:
    """The weights of one member of an ensemble."""
    prefix = f"{number}."
    return {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}


def with_number(weights: Weights, number: int) -> Weights:
    """The opposite of `without_number`."""
    return {f"{number}.{name}": value for name, value in weights.items()}
