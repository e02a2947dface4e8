"""Down by convolutions and poolings, up again by transposed convolutions."""

from torch import Tensor, nn

from nevus.networks.classifier import ClassifierNetwork, ensure_size
from nevus.networks.options import DeconvolutionOptions


class Deconvolution(ClassifierNetwork):
    """Blocks of convolution, pooling, batch normalisation, dropout; blocks of transposed convolution; a linear head."""

    def __init__(self, options: DeconvolutionOptions, *, classes: int) -> None:
        super().__init__(options)
        widths = [options.width * 2**block for block in range(options.depth)]
        narrower = [max(widths[-1] // 2 ** (block + 1), 1) for block in range(options.up)]
        layers: list[nn.Module] = []
        for before, width in zip([3, *widths], widths, strict=False):
            layers += down(before, width, options.dropout)
        for before, width in zip([widths[-1], *narrower], narrower, strict=False):
            layers += up(before, width, options.dropout)
        self.layers = nn.Sequential(*layers)
        self.feature_count = [*widths, *narrower][-1]
        self.head = nn.Linear(self.feature_count, classes)

    def embed(self, x: Tensor) -> Tensor:
        """(N, 3, R, R) to (N, F): the means over the image of the last block."""
        features: Tensor = self.layers(x).mean(dim=(2, 3))
        return features

    def forward_head(self, features: Tensor) -> Tensor:
        """(N, F) to (N, K) logits."""
        logits: Tensor = self.head(features)
        return logits


def down(channels_in: int, channels_out: int, dropout: float) -> list[nn.Module]:
    """Half the height and width."""
    conv = nn.Conv2d(channels_in, channels_out, 3, padding=1)
    return [conv, nn.ReLU(), nn.MaxPool2d(2), nn.BatchNorm2d(channels_out), nn.Dropout(dropout)]


def up(channels_in: int, channels_out: int, dropout: float) -> list[nn.Module]:
    """Twice the height and width."""
    conv = nn.ConvTranspose2d(channels_in, channels_out, 4, stride=2, padding=1)
    return [conv, nn.ReLU(), nn.BatchNorm2d(channels_out), nn.Dropout(dropout)]


def build_deconvolution(options: DeconvolutionOptions, *, classes: int, size: int) -> Deconvolution:
    """Build it; reached through `nevus.networks.build`.

    Raises:
        NevusError: The image is too small to be halved `depth` times.
    """
    ensure_size(
        options,
        size,
        least=2 ** (options.depth + 1),  # the statistics of batch normalisation need more than one pixel
        reason=f"a network of {options.depth} blocks halves the image {options.depth} times",
        remedy="Lower classifier.network.depth",
    )
    return Deconvolution(options, classes=classes)
