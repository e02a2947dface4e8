"""A policy at work: random changes of a whole batch at once, each image by its own draw, on any device.

Neighbouring operations of one sort are done in one go: geometry is one resampling whatever the number of operations,
colour one product of matrices. Nearly all are differentiable in the images: a discriminator may see a change of the
generated images only if the real ones undergo the same, and the generator learns through it (differentiable
augmentation, arXiv:2006.10738, section 3).
"""

from collections.abc import Callable, Sequence
from itertools import groupby

import torch
from torch import Tensor
from torch.nn import functional as F

from nevus.augment.colour import MAPS, recolour
from nevus.augment.draws import chosen
from nevus.augment.filters import FILTERS
from nevus.augment.geometry import MATRICES, resample
from nevus.augment.mixing import MIXERS
from nevus.augment.operations import OperationOptions
from nevus.augment.overlays import OVERLAYS

Change = Callable[[Tensor], Tensor]


class Augment:
    """Change images by a policy; called with (N, 3, H, W) in [-1, 1], returns the same shape.

    Args:
        operations: In their order.
    """

    def __init__(self, operations: Sequence[OperationOptions]) -> None:
        single = [operation for operation in operations if not operation.mixes]
        groups = [(sort, list(found)) for sort, found in groupby(single, _sort)]
        self.changes: list[Change] = [change for sort, found in groups for change in _changes(sort, found)]
        self.mixing = [operation for operation in operations if operation.mixes]

    def __call__(self, images: Tensor) -> Tensor:
        """Change every image by a draw of its own, from torch's default random numbers."""
        for change in self.changes:
            images = change(images)
        return images

    def mix(self, images: Tensor, targets: Tensor, classes: int) -> tuple[Tensor, Tensor]:
        """Mix images of a batch, and their targets.

        Args:
            images: (N, 3, H, W).
            targets: (N,) class indices.
            classes: Their number K.

        Returns:
            Images, and targets as they were; or (N, K) shares of the classes where the policy mixes.
        """
        if not self.mixing:
            return images, targets
        shares = F.one_hot(targets, classes).float()
        for operation in self.mixing:
            images, shares = MIXERS[type(operation)](operation, images, shares)
        return images, shares


def _sort(operation: OperationOptions) -> str:
    kind = type(operation)
    return "geometry" if kind in MATRICES else "colour" if kind in MAPS else "pixels"


def _changes(sort: str, operations: list[OperationOptions]) -> list[Change]:
    if sort == "geometry":
        return [lambda images: resample(images, operations)]
    if sort == "colour":
        return [lambda images: recolour(images, operations)]
    return [_of_some(operation) for operation in operations]


def _of_some(operation: OperationOptions) -> Change:
    """The change of an operation, where a draw says so."""
    function = {**FILTERS, **OVERLAYS}[type(operation)]

    def change(images: Tensor) -> Tensor:
        changed: Tensor = function(operation, images)
        if operation.probability == 1:
            return changed
        return torch.where(chosen(operation.probability, images).view(-1, 1, 1, 1), changed, images)

    return change
