"""Residual networks of a GAN, with spectral normalisation (arXiv:1802.05957) and self-attention (arXiv:1805.08318)."""

from torch import Tensor, nn
from torch.nn import functional as F

from nevus.networks.attention import SelfAttention, ensure_attention
from nevus.networks.critics import CriticNetwork, ensure_halvings
from nevus.networks.discriminators import SLOPE, Residual, weight_wrapper
from nevus.networks.gan_options import ResidualCriticOptions


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


def build_residual_critic(options: ResidualCriticOptions, *, classes: int, size: int) -> ResidualCritic:
    """Build the critic of images of this size; reached through `nevus.networks.build`.

    Raises:
        NevusError: The image is too small to be halved `depth` times, no feature map has the height of the
            self-attention, or it is to be conditional on one class.
    """
    return ResidualCritic(options, classes=classes, size=size)
