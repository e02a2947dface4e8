"""Parameters of the distillation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from nevus.contracts import Options
from nevus.networks.options import NetworkOptions, TimmOptions
from nevus.pipelines.classifier.params import ClassifierParams, KnownNetwork

TEACHERS = "teachers"  # the parameter that names the finished runs
MASS = "a share between 0 and 1, a range of them such as [0.3, 0.5], a mapping of classes to these, balanced, or null"


def _range(value: Any) -> tuple[float, float]:
    """A share, or two of them, as the lowest and the highest."""
    shares = list(value) if isinstance(value, list | tuple) else [value, value]
    try:
        low, high = (float(share) for share in shares)
    except (TypeError, ValueError) as error:
        raise ValueError(f"has to be {MASS}") from error
    if not 0 <= low <= high <= 1:
        raise ValueError(f"has to be {MASS}; of a range the lowest comes first")
    return low, high


def _ranges(value: Any) -> Any:
    if value is None or value == "balanced":
        return value
    if isinstance(value, Mapping):
        return {str(name): _range(one) for name, one in value.items()}
    return _range(value)


Range: TypeAlias = tuple[float, float]
Mass: TypeAlias = Annotated[
    Literal["balanced"] | Range | dict[str, Range] | None,
    BeforeValidator(_ranges),
]


class SpreadingOptions(Options):
    """A teacher that is not trained: labels that spread between images of like features.

    Attributes:
        network: Whose features; null takes those that the method's own network starts from.
        neighbours: Images that one listens to.
        alpha: How much it listens to them rather than to its own label.
    """

    network: KnownNetwork | None
    neighbours: int = Field(ge=1)
    alpha: float = Field(gt=0, lt=1)


class DistillationParams(ClassifierParams):
    """A classifier, and who teaches it.

    Attributes:
        teachers: Finished runs whose probabilities are averaged: names, or patterns of them, such as
            `supervised/seed*`.
        spreading: One more teacher, by label spreading; null for none.
        mass: How much of the soft labels of the unlabelled images that are drawn is of each class. A share or a range
            is that of the second of two classes; null draws all images alike.
    """

    teachers: tuple[Annotated[str, Field(min_length=1)], ...]
    spreading: SpreadingOptions | None
    mass: Mass

    @model_validator(mode="after")
    def _is_taught(self) -> DistillationParams:
        if not self.teachers and self.spreading is None:
            raise ValueError(
                "has nobody who teaches: name finished runs in teachers, such as [supervised/seed*], or set spreading "
                "to {network: ${networks.efficientnet_lite0}, neighbours: 10, alpha: 0.5}"
            )
        own = self.spreading is not None and self.spreading.network is None
        if own and self.start is None and not _has_weights(self.network):
            raise ValueError(
                "spreads labels on features of random weights: set start to a finished run, such as simclr/seed0, or "
                "spreading.network to ${networks.efficientnet_lite0}"
            )
        return self

    def ancestors(self) -> dict[str, tuple[str, ...]]:
        """Those of every training, and the teachers."""
        return {**super().ancestors(), **({TEACHERS: self.teachers} if self.teachers else {})}


def _has_weights(network: NetworkOptions) -> bool:
    return isinstance(network, TimmOptions) and network.weights is not None
