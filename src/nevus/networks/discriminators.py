"""Discriminators that are classifiers: K class logits from one pooled feature vector."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import TypeAdapter
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations

from nevus.networks.classifier import ClassifierNetwork, ensure_size
from nevus.networks.options import DiscriminatorOptions, PlainOptions, ResidualOptions
from nevus.networks.spec import upgrade

SLOPE = 0.2  # of the leaky ReLU, as in DCGAN (arXiv:1511.06434, section 3)

Wrap = Callable[[nn.Module], nn.Module]


class Residual(nn.Module):
    """A pre-activation residual block (arXiv:1603.05027, figure 1b), halving the image where asked to."""

    def __init__(self, channels_in: int, channels_out: int, *, halve: bool, norm: str) -> None:
        super().__init__()
        wrap = weight_wrapper(norm)
        self.halve = halve
        self.conv1 = wrap(nn.Conv2d(channels_in, channels_out, 3, padding=1))
        self.conv2 = wrap(nn.Conv2d(channels_out, channels_out, 3, padding=1))
        self.skip = wrap(nn.Conv2d(channels_in, channels_out, 1)) if channels_in != channels_out else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(N, C_in, H, W) to (N, C_out, H, W), or to half the height and width."""
        active = F.leaky_relu(x, SLOPE)
        if self.halve:  # pooling before the convolutions costs a quarter of pooling after them
            active, x = F.avg_pool2d(active, 2), F.avg_pool2d(x, 2)
        out: Tensor = self.conv2(F.leaky_relu(self.conv1(active), SLOPE)) + self.skip(x)
        return out


class Discriminator(ClassifierNetwork):
    """Stages of convolutions, a global mean, a linear head."""

    def __init__(self, options: ResidualOptions | PlainOptions, *, classes: int) -> None:
        super().__init__(options)
        wrap = weight_wrapper(options.norm)
        block = Residual if options.kind == "residual" else plain
        widths = [options.width * 2**stage for stage in range(options.depth)]
        # A strided stem: full-resolution convolutions with few channels are the slowest part of a small network.
        layers: list[nn.Module] = [wrap(nn.Conv2d(3, widths[0], 4, stride=2, padding=1))]
        for stage, width in enumerate(widths):
            before = widths[max(stage - 1, 0)]
            for number in range(options.blocks):
                first = number == 0
                layers.append(block(before if first else width, width, halve=first and stage > 0, norm=options.norm))
        self.stages = nn.Sequential(*layers)
        self.dropout = nn.Dropout(options.dropout)
        self.head = wrap(nn.Linear(widths[-1], classes))
        self.feature_count = widths[-1]

    def embed(self, x: Tensor) -> Tensor:
        """(N, 3, R, R) to (N, F): the means over the image of the last activations."""
        return F.leaky_relu(self.stages(x), SLOPE).mean(dim=(2, 3))

    def forward_head(self, features: Tensor) -> Tensor:
        """(N, F) to (N, K) logits."""
        logits: Tensor = self.head(self.dropout(features))
        return logits


def plain(channels_in: int, channels_out: int, *, halve: bool, norm: str) -> nn.Module:
    """Leaky ReLU and one convolution, strided where the image is to be halved (arXiv:1511.06434, section 3)."""
    conv = nn.Conv2d(channels_in, channels_out, 4 if halve else 3, stride=2 if halve else 1, padding=1)
    return nn.Sequential(nn.LeakyReLU(SLOPE), weight_wrapper(norm)(conv))


def weight_wrapper(norm: str) -> Wrap:
    """What `norm` does to a layer's weights."""
    wrappers: dict[str, Wrap] = {"weight": parametrizations.weight_norm, "spectral": parametrizations.spectral_norm}
    return wrappers.get(norm, lambda layer: layer)


def build_discriminator(
    options: ResidualOptions | PlainOptions | Mapping[str, Any], *, classes: int, size: int
) -> Discriminator:
    """Build the discriminator that fits images of this size; reached through `nevus.networks.build`.

    Args:
        options: Its settings; as a dictionary only by the code inside the first saved models, which calls this itself.
        classes: Number of class logits K.
        size: Height and width of the images in pixels.

    Raises:
        NevusError: The image is too small to be halved `depth` times.
    """
    if isinstance(options, Mapping):
        options = TypeAdapter[ResidualOptions | PlainOptions](DiscriminatorOptions).validate_python(
            upgrade({"network": options})["network"]
        )
    ensure_size(
        options,
        size,
        least=2 ** (options.depth + 1),
        reason=f"a network of {options.depth} stages halves the image {options.depth} times",
        remedy="Lower classifier.network.depth",
    )
    return Discriminator(options, classes=classes)
