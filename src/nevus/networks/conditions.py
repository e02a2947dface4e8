"""Classes that generators draw for and critics judge by."""

import torch
from torch import Tensor, nn

from nevus.contracts import NevusError
from nevus.networks.discriminators import Wrap


def classes_of(conditional: bool, classes: int) -> int | None:
    """The number of classes that a network has to know, None where it is not conditional.

    Raises:
        NevusError: It is to be conditional on fewer than two classes.
    """
    if conditional and classes < 2:
        raise NevusError(
            f"a conditional network needs at least two classes, but there is {classes}. Set conditional to false, or "
            "choose more classes."
        )
    return classes if conditional else None


def ensure_labels(labels: Tensor | None, classes: int | None) -> None:
    """See that there are labels where a network is conditional, and only there.

    Raises:
        NevusError: Otherwise.
    """
    if (labels is None) == (classes is None):
        return
    if labels is None:
        raise NevusError(
            f"this network is conditional on {classes} classes and was given none. Give it a class with every image, "
            "or set its conditional to false."
        )
    raise NevusError("this network was given classes, but knows none. Set its conditional to true.")


class Conditional(nn.Module):
    """A layer that is called with (N,) classes beside its input, None where there are none."""


class ConditionalBatchNorm(Conditional):
    """Batch normalisation whose scale and shift are those of a class (arXiv:1610.07629; for GANs arXiv:1802.05637).

    Args:
        channels: Of the images C.
        classes: Number of classes K.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.scale = nn.Embedding(classes, channels)
        self.shift = nn.Embedding(classes, channels)
        nn.init.normal_(self.scale.weight, 1.0, 0.02)
        nn.init.zeros_(self.shift.weight)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """(N, C, H, W) of (N,) classes to the same shape."""
        out: Tensor = self.norm(x) * self.scale(labels)[:, :, None, None] + self.shift(labels)[:, :, None, None]
        return out


def batch_norm(channels: int, classes: int | None) -> nn.Module:
    """Batch normalisation, of each class its own where there are classes."""
    return nn.BatchNorm2d(channels) if classes is None else ConditionalBatchNorm(channels, classes)


def conditioned(layer: nn.Module, x: Tensor, labels: Tensor | None) -> Tensor:
    """Apply a layer, or one after the other, with the labels where a layer reads them."""
    if isinstance(layer, nn.Sequential):
        for part in layer:
            x = conditioned(part, x, labels)
        return x
    out: Tensor = layer(x, labels) if isinstance(layer, Conditional) else layer(x)
    return out


class Head(nn.Module):
    """One score: linear in the features, and in the class by a projection (arXiv:1802.05637, equation 3).

    Args:
        features: Length F of the feature vectors.
        classes: Number of classes K, or None.
        wrap: What is done to the weights.
    """

    def __init__(self, features: int, classes: int | None, wrap: Wrap) -> None:
        super().__init__()
        self.classes = classes
        self.linear = wrap(nn.Linear(features, 1))
        if classes is not None:
            embedding = nn.Embedding(classes, features)
            nn.init.normal_(embedding.weight, 0.0, features**-0.5)
            self.embedding = wrap(embedding)

    def forward(self, features: Tensor, labels: Tensor | None) -> Tensor:
        """(N, F) features, and (N,) classes where there are any, to (N,) scores.

        Raises:
            NevusError: Classes are missing, or there are too many.
        """
        ensure_labels(labels, self.classes)
        scores: Tensor = self.linear(features).squeeze(1)
        return scores if labels is None else scores + torch.sum(self.embedding(labels) * features, dim=1)
