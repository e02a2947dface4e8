"""Generator and critic of R3GAN, smaller and written from the paper (arXiv:2501.05441).

Residual bottlenecks of grouped convolutions without normalisation; that they can be trained is owed to Fixup's
initialisation (arXiv:1901.09321).
"""

import math
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nevus.networks.critics import CriticNetwork, ensure_halvings
from nevus.networks.discriminators import SLOPE, weight_wrapper
from nevus.networks.gan_options import R3ganCriticOptions, R3ganOptions
from nevus.networks.generators import GeneratorNetwork, doublings_from_4, widths_from_4

Layer = TypeVar("Layer", nn.Linear, nn.Conv2d)
EXPANSION = 2  # channels inside a block, for one outside


class Bottleneck(nn.Module):
    """1x1, grouped 3x3, 1x1, added to what came in; the last one starts at 0 (arXiv:2501.05441, section 3.3).

    Args:
        channels: C.
        group: Channels of a group.
        gain: Of the weights that do not start at 0.
    """

    def __init__(self, channels: int, *, group: int, gain: float) -> None:
        super().__init__()
        inside = channels * EXPANSION
        self.widen = scaled(nn.Conv2d(channels, inside, 1), gain * active_gain())
        grouped = nn.Conv2d(inside, inside, 3, padding=1, groups=inside // group)
        self.mix = scaled(grouped, gain * active_gain())
        self.narrow = scaled(nn.Conv2d(inside, channels, 1, bias=False), 0.0)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        inside = F.leaky_relu(self.mix(F.leaky_relu(self.widen(x), SLOPE)), SLOPE)
        out: Tensor = x + self.narrow(inside)
        return out


class R3ganGenerator(GeneratorNetwork):
    """A learnt 4x4 map weighted by the latent vector, then stages of bottlenecks, bilinear doublings between them."""

    def __init__(self, options: R3ganOptions, *, classes: int, size: int) -> None:
        super().__init__(options, classes=classes, size=size)
        widths = widths_from_4(options.width, options.widest, doublings_from_4(options, size))
        given = options.latent
        if self.classes is not None:
            self.embedding = nn.Embedding(self.classes, options.latent)
            given += options.latent
        self.start = nn.Parameter(torch.randn(1, widths[0], 4, 4))
        self.weigh = scaled(nn.Linear(given, widths[0], bias=False), 1.0)
        gain = fixup_gain(options.blocks * len(widths))
        layers: list[nn.Module] = []
        for stage, (before, width) in enumerate(zip([widths[0], *widths], widths, strict=False)):
            layers += [nn.Upsample(scale_factor=2, mode="bilinear")] if stage > 0 else []
            layers += reshaped(before, width)
            layers += [Bottleneck(width, group=options.group, gain=gain) for _ in range(options.blocks)]
        self.layers = nn.Sequential(*layers)
        self.to_image = scaled(nn.Conv2d(widths[-1], 3, 1), 1.0)

    def draw(self, latent: Tensor, labels: Tensor | None) -> Tensor:
        """(N, L), and (N,) classes of a conditional generator, to (N, 3, R, R), unbounded."""
        given = latent if labels is None else torch.cat([latent, self.embedding(labels)], dim=1)
        images: Tensor = self.to_image(self.layers(self.start * self.weigh(given)[:, :, None, None]))
        return images


class R3ganCritic(CriticNetwork):
    """The same upside down; what is left of the image is weighted by one learnt map a channel."""

    def __init__(self, options: R3ganCriticOptions, *, classes: int, size: int) -> None:
        ensure_halvings(1, size, halvings=3)
        halvings = (size // 4).bit_length() - 1  # down to 4x4, of 100 pixels to 6x6
        widths = widths_from_4(options.width, options.widest, halvings)[::-1]
        super().__init__(options, features=widths[-1], classes=classes, wrap=weight_wrapper("none"))
        gain = fixup_gain(options.blocks * len(widths))
        layers: list[nn.Module] = [scaled(nn.Conv2d(3, widths[0], 1), 1.0)]
        for stage, width in enumerate(widths):
            layers += [Bottleneck(width, group=options.group, gain=gain) for _ in range(options.blocks)]
            if stage < halvings:
                layers += [nn.AvgPool2d(2), *reshaped(width, widths[stage + 1])]
        last = nn.Conv2d(widths[-1], widths[-1], size // 2**halvings, groups=widths[-1], bias=False)
        self.layers = nn.Sequential(*layers, scaled(last, 1.0))

    def embed(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) to (N, F)."""
        features: Tensor = self.layers(images).flatten(1)
        return features


def reshaped(channels_in: int, channels_out: int) -> list[nn.Module]:
    """Another number of channels, where it is another."""
    if channels_in == channels_out:
        return []
    return [scaled(nn.Conv2d(channels_in, channels_out, 1, bias=False), 1.0)]


def scaled(layer: Layer, gain: float) -> Layer:
    """The layer with weights of deviation gain / sqrt(fan in), and a bias of 0."""
    nn.init.normal_(layer.weight, 0.0, gain / math.sqrt(layer.weight[0].numel()))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def active_gain() -> float:
    """What keeps the deviation through a leaky ReLU (arXiv:1502.01852, section 2.2)."""
    return math.sqrt(2 / (1 + SLOPE**2))


def fixup_gain(blocks: int) -> float:
    """Of the weights in a network of L blocks of m = 3 layers: L^(-1 / (2m - 2)) (arXiv:1901.09321, section 3)."""
    return float(blocks**-0.25)


def build_r3gan(options: R3ganOptions, *, classes: int, size: int) -> R3ganGenerator:
    """Build the generator of images of this size; reached through `nevus.networks.build`.

    Raises:
        NevusError: The size is not 4 pixels doubled, or it is to be conditional on one class.
    """
    return R3ganGenerator(options, classes=classes, size=size)


def build_r3gan_critic(options: R3ganCriticOptions, *, classes: int, size: int) -> R3ganCritic:
    """Build the critic of images of this size; reached through `nevus.networks.build`.

    Raises:
        NevusError: The images have fewer than 8 pixels, or it is to be conditional on one class.
    """
    return R3ganCritic(options, classes=classes, size=size)
