"""What a classifier says of one image, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nevus.contracts import Pixels


@dataclass(frozen=True)
class Neighbour:
    """A labelled training image.

    Attributes:
        pixels: (S, S, 3) uint8.
        image_id: Its name.
        diagnosis: Name of its class.
        distance: Cosine distance of the features, 0 to 2.
    """

    pixels: Pixels
    image_id: str
    diagnosis: str
    distance: float


@dataclass(frozen=True)
class Answer:
    """What is said of one image.

    Attributes:
        model: As the user named it.
        image_id: Name of the image.
        pixels: (V, V, 3) uint8, the image as the network gets it, in a size that people can see.
        size: Height and width that the network gets, in pixels.
        classes: Names of the classes.
        probabilities: (K,), calibrated where the classifier is.
        called: Position of the class that is called.
        threshold: Of two classes the second is called above this probability.
        spec: `Classifier.spec`.
        record: `Classifier.record`.
        members: Probabilities that each member of an ensemble gives, by its name; empty where it is no ensemble.
        heat: (V, V) in [0, 1]; None where the network has no feature map.
        no_heat: Why not.
        neighbours: The nearest labelled training images, the nearest first.
        typical: Median distance of a labelled training image to its nearest other one.
        no_neighbours: Why there are none.
    """

    model: str
    image_id: str
    pixels: Pixels
    size: int
    classes: Sequence[str]
    probabilities: NDArray[np.float32]
    called: int
    threshold: float
    spec: Mapping[str, Any]
    record: Mapping[str, Any]
    members: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    heat: NDArray[np.float32] | None = None
    no_heat: str = ""
    neighbours: Sequence[Neighbour] = ()
    typical: float = float("nan")
    no_neighbours: str = ""
