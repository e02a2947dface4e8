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


def first_size(options: GeneratorBase, depth: int, size: int) -> int:
    """Height and width of the first feature map, which is doubled `depth` times.

    Args:
        options: Of the generator.
        depth: Number of doublings.
        size: Height and width of the images of the corpus in pixels.

    Raises:
        NevusError: The size cannot be reached so.
    """
    made, factor = options.resize or size, 1 << depth
    if made % factor:
        raise NevusError(
            f"a generator that doubles its images {depth} times makes images of a multiple of {factor} pixels, but "
            f"they have {made}. Set the resize of the method's generator to {-(-made // factor) * factor}, change its "
            "depth (such as ssgan.generator.depth), or ingestion.size."
        )
    return made // factor


def doublings_from_4(options: GeneratorBase, size: int) -> int:
    """How often 4 pixels are doubled to reach the size in pixels.

    Raises:
        NevusError: They do not reach it.
    """
    made = options.resize or size
    doublings = max((made - 1).bit_length() - 2, 1)
    if made != 4 << doublings:
        raise NevusError(
            f"a generator of kind '{getattr(options, 'kind', '')}' makes images of 8, 16, 32, 64, 128, ... pixels, but "
            f"they have {made}. Set the resize of the method's generator to {4 << doublings}, or change "
            "ingestion.size."
        )
    return doublings


def widths_from_4(width: int, widest: int, doublings: int) -> list[int]:
    """Channels at 4 pixels and after each doubling: half as many every time, `width` at last, never above `widest`."""
    return [max(width, min(width << (doublings - stage), widest)) for stage in range(doublings + 1)]
