"""The smallest usual classifier: two convolutions and four poolings."""

from torch import Tensor, nn

from nevus.networks.classifier import ClassifierNetwork, ensure_size
from nevus.networks.options import SmallCnnOptions

POOLINGS = 4


class SmallCnn(ClassifierNetwork):
    """Twice a convolution with ReLU and two maximum poolings; all that is left of the image goes to a linear head.

    Args:
        options: Its settings.
        classes: Number of class logits K.
        seen: Height and width in pixels at which it sees the images.
    """

    def __init__(self, options: SmallCnnOptions, *, classes: int, seen: int) -> None:
        super().__init__(options)
        widths = (options.width, 2 * options.width)
        self.layers = nn.Sequential(*stage(3, widths[0]), *stage(*widths), nn.Flatten())
        self.feature_count = widths[1] * (seen // 2**POOLINGS) ** 2
        self.dropout = nn.Dropout(options.dropout)
        self.head = nn.Linear(self.feature_count, classes)

    def embed(self, x: Tensor) -> Tensor:
        """(N, 3, R, R) to (N, F)."""
        features: Tensor = self.layers(x)
        return features

    def forward_head(self, features: Tensor) -> Tensor:
        """(N, F) to (N, K) logits."""
        logits: Tensor = self.head(self.dropout(features))
        return logits


def stage(channels_in: int, channels_out: int) -> list[nn.Module]:
    """A convolution, and two of the poolings."""
    return [nn.Conv2d(channels_in, channels_out, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.MaxPool2d(2)]


def build_small_cnn(options: SmallCnnOptions, *, classes: int, size: int) -> SmallCnn:
    """Build it for images of this size; reached through `nevus.networks.build`.

    Raises:
        NevusError: The image is too small to be halved four times.
    """
    reason = f"the network of kind small_cnn halves the image {POOLINGS} times"
    return SmallCnn(options, classes=classes, seen=ensure_size(options, size, least=2**POOLINGS, reason=reason))
