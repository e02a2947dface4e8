"""Residual networks with batch normalisation before the convolutions: small ones, and wide ones."""

from collections.abc import Sequence

from torch import Tensor, nn

from nevus.networks.classifier import ClassifierNetwork, ensure_size
from nevus.networks.options import InputOptions, PreactivationOptions, WideResnetOptions


class PreactivationBlock(nn.Module):
    """Batch normalisation, ReLU and convolution, twice, beside a shortcut (arXiv:1603.05027, figure 4e)."""

    def __init__(self, channels_in: int, channels_out: int, *, stride: int, dropout: float) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels_in)
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride=stride, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels_out)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.relu = nn.ReLU()
        same = channels_in == channels_out and stride == 1
        self.project = None if same else nn.Conv2d(channels_in, channels_out, 1, stride=stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C_in, H, W) to (N, C_out, H, W), or to half the height and width, rounded up."""
        active = self.relu(self.norm1(x))
        out = self.conv2(self.dropout(self.relu(self.norm2(self.conv1(active)))))
        total: Tensor = out + (x if self.project is None else self.project(active))
        return total


class PreactivationNetwork(ClassifierNetwork):
    """A stem, stages of blocks, a global mean, a linear head.

    Args:
        options: How images are taken in.
        classes: Number of class logits K.
        stem: Channels and stride of the first convolution.
        widths: Channels of the stages; each but the first halves the image.
        blocks: Blocks a stage.
        block_dropout: Inside the blocks.
        dropout: Of the pooled features.
    """

    def __init__(
        self,
        options: InputOptions,
        *,
        classes: int,
        stem: tuple[int, int],
        widths: Sequence[int],
        blocks: int,
        block_dropout: float,
        dropout: float,
    ) -> None:
        super().__init__(options)
        before, stride = stem
        self.stem = nn.Conv2d(3, before, 3, stride=stride, padding=1, bias=False)
        layers: list[nn.Module] = []
        for stage, width in enumerate(widths):
            for number in range(blocks):
                halves = number == 0 and stage > 0
                layers.append(PreactivationBlock(before, width, stride=2 if halves else 1, dropout=block_dropout))
                before = width
        self.blocks = nn.Sequential(*layers)
        self.norm = nn.BatchNorm2d(before)
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(before, classes)
        self.feature_count = before

    def embed(self, x: Tensor) -> Tensor:
        """(N, 3, R, R) to (N, F): the means over the image of the last activations."""
        active: Tensor = self.relu(self.norm(self.blocks(self.stem(x))))
        return active.mean(dim=(2, 3))

    def forward_head(self, features: Tensor) -> Tensor:
        """(N, F) to (N, K) logits."""
        logits: Tensor = self.head(self.dropout(features))
        return logits


def build_preactivation(options: PreactivationOptions, *, classes: int, size: int) -> PreactivationNetwork:
    """Build a small network of pre-activation blocks; reached through `nevus.networks.build`.

    Raises:
        NevusError: The image is too small to be halved so often.
    """
    halvings = len(options.widths) - 1 + (options.stem_stride == 2)
    ensure_size(
        options,
        size,
        least=2 ** (halvings + 1),
        reason=f"a network with stem_stride {options.stem_stride} and {len(options.widths)} widths halves the image "
        f"{halvings} times",
        remedy="Shorten classifier.network.widths",
    )
    return PreactivationNetwork(
        options,
        classes=classes,
        stem=(options.widths[0], options.stem_stride),
        widths=options.widths,
        blocks=options.blocks,
        block_dropout=0.0,
        dropout=options.dropout,
    )


def build_wide_resnet(options: WideResnetOptions, *, classes: int, size: int) -> PreactivationNetwork:
    """Build WRN-depth-width (arXiv:1605.07146, table 1); reached through `nevus.networks.build`.

    Raises:
        NevusError: The image is too small for its three stages.
    """
    ensure_size(options, size, least=8 * options.stem_stride, reason="a wide residual network has three stages")
    return PreactivationNetwork(
        options,
        classes=classes,
        stem=(16, options.stem_stride),
        widths=[channels * options.width for channels in (16, 32, 64)],
        blocks=(options.depth - 4) // 6,
        block_dropout=options.dropout,
        dropout=0.0,
    )
