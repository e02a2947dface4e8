"""Residual networks of a GAN, with spectral normalisation (arXiv:1802.05957) and self-attention (arXiv:1805.08318)."""

from torch import Tensor, nn
from torch.nn import functional as F

from nevus.networks.attention import SelfAttention, ensure_attention
from nevus.networks.conditions import Conditional, batch_norm, conditioned
from nevus.networks.critics import CriticNetwork, ensure_halvings
from nevus.networks.discriminators import SLOPE, Residual, Wrap, weight_wrapper
from nevus.networks.gan_options import ResidualCriticOptions, ResidualGeneratorOptions
from nevus.networks.generators import GeneratorNetwork, first_size


class ResidualUp(Conditional):
    """A residual block that doubles the image (arXiv:1802.05957, figure 8b).

    Args:
        channels_in: C_in.
        channels_out: C_out.
        classes: Number of classes whose batch normalisations it has, or None.
        wrap: What is done to the weights.
    """

    def __init__(self, channels_in: int, channels_out: int, classes: int | None, wrap: Wrap) -> None:
        super().__init__()
        self.norm1, self.norm2 = batch_norm(channels_in, classes), batch_norm(channels_out, classes)
        self.conv1 = wrap(nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False))
        self.conv2 = wrap(nn.Conv2d(channels_out, channels_out, 3, padding=1))
        self.skip = wrap(nn.Conv2d(channels_in, channels_out, 1, bias=False))

    def forward(self, x: Tensor, labels: Tensor | None) -> Tensor:
        """(N, C_in, H, W), and (N,) classes where it has any, to (N, C_out, 2H, 2W)."""
        active = F.interpolate(F.relu(conditioned(self.norm1, x, labels)), scale_factor=2)
        active = F.relu(conditioned(self.norm2, self.conv1(active), labels))
        # A 1x1 convolution and nearest neighbours commute: before the doubling it costs a quarter.
        out: Tensor = self.conv2(active) + F.interpolate(self.skip(x), scale_factor=2)
        return out


class ResidualGenerator(GeneratorNetwork):
    """A linear layer, residual blocks that double the image, batch normalisation, ReLU, a convolution to the image."""

    def __init__(self, options: ResidualGeneratorOptions, *, classes: int, size: int) -> None:
        super().__init__(options, classes=classes, size=size)
        self.base = first_size(options, options.depth, size)
        heights = [self.base * 2 ** (stage + 1) for stage in range(options.depth)]
        ensure_attention(options.attention, heights, "generator")
        wrap = weight_wrapper(options.norm)
        widths = [options.width * 2**stage for stage in reversed(range(options.depth))]
        self.widest = widths[0]
        self.project = wrap(nn.Linear(options.latent, self.widest * self.base**2))
        layers: list[nn.Module] = []
        for height, before, width in zip(heights, [self.widest, *widths], widths, strict=False):
            layers.append(ResidualUp(before, width, self.classes, wrap))
            layers += [SelfAttention(width, wrap)] if height == options.attention else []
        self.layers = nn.Sequential(*layers, batch_norm(widths[-1], self.classes), nn.ReLU())
        self.to_image = wrap(nn.Conv2d(widths[-1], 3, 3, padding=1))

    def draw(self, latent: Tensor, labels: Tensor | None) -> Tensor:
        """(N, L), and (N,) classes of a conditional generator, to (N, 3, R, R), unbounded."""
        x = self.project(latent).view(len(latent), self.widest, self.base, self.base)
        images: Tensor = self.to_image(conditioned(self.layers, x, labels))
        return images


class ResidualCritic(CriticNetwork):
    """A strided stem, residual blocks that halve the image, one pooling, a linear layer."""

    def __init__(self, options: ResidualCriticOptions, *, classes: int, size: int) -> None:
        ensure_halvings(options.depth, size, halvings=options.depth)
        heights = [size // 2 ** (stage + 1) for stage in range(options.depth)]
        ensure_attention(options.attention, heights, "critic")
        wrap, widths = weight_wrapper(options.norm), [options.width * 2**stage for stage in range(options.depth)]
        features = widths[-1] * (heights[-1] ** 2 if options.pooling == "flatten" else 1)
        super().__init__(options, features=features, classes=classes, wrap=wrap)
        self.pooling = options.pooling
        layers: list[nn.Module] = [wrap(nn.Conv2d(3, widths[0], 4, stride=2, padding=1))]
        for stage, (before, width) in enumerate(zip([widths[0], *widths], widths, strict=False)):
            layers.append(Residual(before, width, halve=stage > 0, norm=options.norm))
            layers += [SelfAttention(width, wrap)] if heights[stage] == options.attention else []
        self.layers = nn.Sequential(*layers)

    def embed(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) to (N, F): the last activations, pooled."""
        active = F.leaky_relu(self.layers(images), SLOPE)
        if self.pooling == "flatten":
            return active.flatten(1)
        return active.sum(dim=(2, 3)) if self.pooling == "sum" else active.mean(dim=(2, 3))


def build_residual_generator(options: ResidualGeneratorOptions, *, classes: int, size: int) -> ResidualGenerator:
    """Build the generator of images of this size; reached through `nevus.networks.build`.

    Raises:
        NevusError: The size cannot be reached by doubling `depth` times, no feature map has the height of the
            self-attention, or it is to be conditional on one class.
    """
    return ResidualGenerator(options, classes=classes, size=size)


def build_residual_critic(options: ResidualCriticOptions, *, classes: int, size: int) -> ResidualCritic:
    """Build the critic of images of this size; reached through `nevus.networks.build`.

    Raises:
        NevusError: The image is too small to be halved `depth` times, no feature map has the height of the
            self-attention, or it is to be conditional on one class.
    """
    return ResidualCritic(options, classes=classes, size=size)
