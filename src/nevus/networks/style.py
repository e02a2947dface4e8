"""A small style-based generator, written from the paper (StyleGAN2, arXiv:1912.04958)."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nevus.networks.discriminators import SLOPE
from nevus.networks.gan_options import StyleOptions
from nevus.networks.generators import GeneratorNetwork, doublings_from_4, widths_from_4

LATEST = 500  # steps that the mean style looks back on


class Scaled(nn.Linear):
    """A linear layer with an equalised learning rate (arXiv:1710.10196, section 4.1).

    Args:
        features_in: Length of what comes in.
        features_out: Length of what goes out.
        rate: Factor on the learning rate.
        bias: What the bias starts from.
    """

    def __init__(self, features_in: int, features_out: int, *, rate: float = 1.0, bias: float = 0.0) -> None:
        super().__init__(features_in, features_out)
        self.rate = rate
        nn.init.normal_(self.weight, 0.0, 1 / rate)
        nn.init.constant_(self.bias, bias / rate)

    def forward(self, input: Tensor) -> Tensor:
        """(N, I) to (N, O)."""
        return F.linear(input, self.weight * (self.rate / math.sqrt(self.in_features)), self.bias * self.rate)


def demodulation(weight: Tensor, scales: Tensor) -> Tensor:
    """What brings the weights of every image and output to length 1 (arXiv:1912.04958, equation 3).

    Args:
        weight: (O, I, k, k).
        scales: (N, I), of the inputs of every image.

    Returns:
        (N, O) float32.
    """
    energy = weight.float().square().sum(dim=(2, 3))  # by element: half precision would lose it in a matrix product
    return (torch.sum(scales.float().square()[:, None] * energy, dim=2) + 1e-8).rsqrt()


class Modulated(nn.Module):
    """A convolution whose inputs are scaled by the style (arXiv:1912.04958, section 2.2).

    Scaling what goes in and what comes out is the same as scaling the weights of every image, without a kernel an
    image.
    """

    def __init__(self, channels_in: int, channels_out: int, kernel: int, style: int, *, demodulate: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(channels_out, channels_in, kernel, kernel))
        self.gain = 1 / math.sqrt(channels_in * kernel**2)
        self.scales = Scaled(style, channels_in, bias=1.0)
        self.demodulate = demodulate

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """(N, I, H, W) and (N, S) to (N, O, H, W)."""
        scales, weight = self.scales(style), self.weight * self.gain
        out = F.conv2d(x * scales[:, :, None, None].to(x.dtype), weight, padding=weight.shape[2] // 2)
        if self.demodulate:
            out = out * demodulation(weight, scales)[:, :, None, None].to(out.dtype)
        return out


class StyledLayer(nn.Module):
    """A modulated convolution, noise of every pixel, a leaky ReLU (figure 2c); doubles the image where asked to.

    In training the noise is new every time; in evaluation always the same, so that a latent vector has one image.
    """

    noise: Tensor

    def __init__(self, channels_in: int, channels_out: int, style: int, *, height: int, double: bool) -> None:
        super().__init__()
        self.doubles = double
        self.conv = Modulated(channels_in, channels_out, 3, style, demodulate=True)
        self.strength = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(channels_out, 1, 1))
        self.register_buffer("noise", torch.randn(1, 1, height, height))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """(N, I, H, W) and (N, S) to (N, O, H, W), or to twice the height and width."""
        if self.doubles:  # bilinear: the filter [1, 3, 3, 1] of the paper
            x = F.interpolate(x, scale_factor=2, mode="bilinear")
        x = self.conv(x, style)
        noise = torch.randn_like(x[:, :1]) if self.training else self.noise
        return F.leaky_relu(x + (self.strength * noise + self.bias).to(x.dtype), SLOPE) * math.sqrt(2)


class ToImage(nn.Module):
    """What a size adds to the image."""

    def __init__(self, channels: int, style: int) -> None:
        super().__init__()
        self.conv = Modulated(channels, 3, 1, style, demodulate=False)
        self.bias = nn.Parameter(torch.zeros(3, 1, 1))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """(N, C, H, W) and (N, S) to (N, 3, H, W)."""
        added: Tensor = self.conv(x, style) + self.bias
        return added


class StyleGenerator(GeneratorNetwork):
    """A mapping network, then from 4x4 upwards two styled layers a size, whose images are added up.

    Neither style mixing nor path length regularisation, which belong to the training.
    """

    mean: Tensor
    seen: Tensor

    def __init__(self, options: StyleOptions, *, classes: int, size: int) -> None:
        super().__init__(options, classes=classes, size=size)
        widths = widths_from_4(options.width, options.widest, doublings_from_4(options, size))
        if self.classes is not None:
            self.embedding = nn.Embedding(self.classes, options.latent)
        inputs = [options.latent * (1 if self.classes is None else 2), *[options.style] * (options.layers - 1)]
        mapping: list[nn.Module] = []
        for features in inputs:
            mapping += [Scaled(features, options.style, rate=0.01), nn.LeakyReLU(SLOPE)]
        self.mapping = nn.Sequential(*mapping)
        self.start = nn.Parameter(torch.randn(1, widths[0], 4, 4))
        self.layers, self.images = nn.ModuleList(), nn.ModuleList()
        for stage, (before, width) in enumerate(zip([widths[0], *widths], widths, strict=False)):
            height = 4 * 2**stage
            if stage > 0:
                self.layers.append(StyledLayer(before, width, options.style, height=height, double=True))
            self.layers.append(StyledLayer(width, width, options.style, height=height, double=False))
            self.images.append(ToImage(width, options.style))
        self.register_buffer("mean", torch.zeros(options.style))
        self.register_buffer("seen", torch.zeros((), dtype=torch.long))

    def styles(self, latent: Tensor, labels: Tensor | None = None) -> Tensor:
        """(N, L), and (N,) classes of a conditional generator, to (N, S) styles; training keeps their mean."""
        given = normalised(latent)
        if labels is not None:
            given = torch.cat([given, normalised(self.embedding(labels))], dim=1)
        styles: Tensor = self.mapping(given).float()
        if self.training:
            self.seen += 1
            self.mean.lerp_(styles.detach().mean(dim=0), 1 / self.seen.clamp(max=LATEST))
        return styles

    def draw(self, latent: Tensor, labels: Tensor | None, truncation: float = 1.0) -> Tensor:
        """Draw unbounded images.

        Args:
            latent: (N, L).
            labels: (N,) classes of a conditional generator.
            truncation: How far from the mean style to go: 0 draws the mean image, 1 goes all the way (arXiv:1812.04948,
                section B).

        Returns:
            (N, 3, R, R).
        """
        styles = self.styles(latent, labels)
        if truncation != 1:
            styles = torch.lerp(self.mean.clone(), styles, truncation)
        return self.synthesise(styles)

    def synthesise(self, styles: Tensor) -> Tensor:
        """(N, S) styles to (N, 3, R, R) unbounded images."""
        x = self.layers[0](self.start.expand(len(styles), -1, -1, -1), styles)
        images: Tensor = self.images[0](x, styles)
        for stage, to_image in enumerate(list(self.images)[1:], start=1):
            x = self.layers[2 * stage](self.layers[2 * stage - 1](x, styles), styles)
            images = F.interpolate(images, scale_factor=2, mode="bilinear") + to_image(x, styles)
        return images


def normalised(x: Tensor) -> Tensor:
    """(N, L) to the same shape, of mean square 1."""
    return x * (x.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()


def build_style(options: StyleOptions, *, classes: int, size: int) -> StyleGenerator:
    """Build the generator of images of this size; reached through `nevus.networks.build`.

    Raises:
        NevusError: The size is not 4 pixels doubled, or it is to be conditional on one class.
    """
    return StyleGenerator(options, classes=classes, size=size)
