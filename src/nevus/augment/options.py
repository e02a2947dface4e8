"""Policies as data: each a list of operations, in the order in which they change an image."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, ConfigDict, Field, RootModel

from nevus.augment.operations import Operation
from nevus.contracts import Options


def _mixes_last(operations: tuple[Any, ...]) -> tuple[Any, ...]:
    mixing = [operation.mixes for operation in operations]
    if mixing != sorted(mixing):
        raise ValueError("mixes images before other operations; put mixup and cutmix last")
    return operations


def _without_mixing(operations: tuple[Any, ...]) -> tuple[Any, ...]:
    if found := next((operation.name for operation in operations if operation.mixes), None):
        raise ValueError(f"holds '{found}', which mixes targets; only labelled images that train have some")
    return operations


def _differentiable(operations: tuple[Any, ...]) -> tuple[Any, ...]:
    if found := next((operation.name for operation in operations if not operation.differentiable), None):
        raise ValueError(f"holds '{found}', through which a generator cannot learn: it has no useful gradient")
    return operations


# For labelled images in training; for every other image; for images that a generator makes.
Policy: TypeAlias = Annotated[tuple[Operation, ...], AfterValidator(_mixes_last)]
ViewPolicy: TypeAlias = Annotated[tuple[Operation, ...], AfterValidator(_without_mixing)]
GanPolicy: TypeAlias = Annotated[ViewPolicy, AfterValidator(_differentiable)]


class Policies(RootModel[dict[str, Policy]]):
    """All policies by name."""

    model_config = ConfigDict(frozen=True)


class AdaptiveOptions(Options):
    """How the probability of a discriminator's augmentation follows its answers (arXiv:2006.06676, section 3).

    Attributes:
        start: The probability at first.
        target: Mean sign of the answers to real images that is aimed at: 0 where real and generated ones are not told
            apart, 1 where all real images are known. The paper's is 0.6.
        every: Real images from one move to the next; the paper's is 256.
        climb: Real images in which the probability would go from 0 to 1; the paper's is 500,000.
        limit: Of the probability; above 0.8 a generator may learn the changes themselves.
    """

    start: float = Field(ge=0, le=1)
    target: float = Field(gt=-1, lt=1)
    every: int = Field(ge=1, le=1_000_000)
    climb: int = Field(ge=1, le=1_000_000_000)
    limit: float = Field(gt=0, le=1)


class CopiesOptions(Options):
    """Changed copies of training images, made once; every other split stays as it is.

    Attributes:
        mode: none (each image once), all (with `number` copies of each) or positives (with copies of the positives
            only, until the classes reach `ratio`).
        number: Copies of each training image; read by the mode "all" only.
        ratio: Training images of each positive class wanted for each of the largest other class; a class that has more
            stays as it is. Read by the mode "positives" only, as is `positives`.
        positives: Names of the classes to copy; null for all but the largest.
        policy: How a copy is changed.
        seed: Of all copies.
    """

    mode: Literal["none", "all", "positives"]
    number: int = Field(ge=1, le=1000)
    ratio: float = Field(gt=0, le=100)
    positives: tuple[str, ...] | None
    policy: ViewPolicy
    seed: int = Field(ge=0, lt=2**31)
