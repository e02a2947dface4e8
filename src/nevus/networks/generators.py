"""Generators: from a latent vector to an image."""

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nevus.contracts import NevusError
from nevus.networks.conditions import classes_of, ensure_labels
from nevus.networks.gan_options import GeneratorBase


class GeneratorNetwork(nn.Module, ABC):
    """Latent vectors, and classes where it is conditional, to images.

    Args:
        options: Of the generator.
        classes: Number of classes of the corpus; only a conditional generator knows them.
        size: Height and width of the images of the corpus in pixels.

    Attributes:
        latent: Length L of the latent vector.
        classes: Number of classes K that it draws, or None where it is not conditional.
        size: Height and width of the images.
        made: Height and width R that the network itself makes.
    """

    def __init__(self, options: GeneratorBase, *, classes: int, size: int) -> None:
        super().__init__()
        self.latent = options.latent
        self.classes = classes_of(options.conditional, classes)
        self.size, self.made = size, options.resize or size

    @abstractmethod
    def draw(self, latent: Tensor, labels: Tensor | None) -> Tensor:
        """(N, L), and (N,) classes of a conditional generator, to (N, 3, R, R), unbounded."""

    def forward(self, latent: Tensor, labels: Tensor | None = None, **options: Any) -> Tensor:
        """Draw images.

        Args:
            latent: (N, L) from a standard normal distribution.
            labels: (N,) int64 classes, for a conditional generator only.
            options: Of the network's own `draw`.

        Returns:
            (N, 3, H, W) in [-1, 1]; bilinear with antialiasing where the network makes another size.

        Raises:
            NevusError: Classes are missing, or the generator is not conditional.
        """
        ensure_labels(labels, self.classes)
        images = torch.tanh(self.draw(latent, labels, **options))
        if self.made == self.size:
            return images
        return F.interpolate(images.float(), size=(self.size, self.size), mode="bilinear", antialias=True)


def first_size(options: GeneratorBase, depth: int, size: int, *, first: int | None = None) -> int:
    """Height and width of the first feature map, which is doubled `depth` times.

    Args:
        options: Of the generator.
        depth: Number of doublings.
        size: Height and width of the images of the corpus in pixels.
        first: What it has to be, or None.

    Raises:
        NevusError: The size cannot be reached so.
    """
    made, factor = options.resize or size, 1 << depth
    if made % factor or first not in (None, made // factor):
        able = f"{first * factor} pixels" if first else f"a multiple of {factor} pixels"
        nearest = first * factor if first else -(-made // factor) * factor
        raise NevusError(
            f"a generator that doubles its images {depth} times makes images of {able}, but they have {made}. Set "
            f"the resize of the method's generator to {nearest}, change its depth (such as ssgan.generator.depth), or "
            "ingestion.size."
        )
    return made // factor
