"""Self-attention over a feature map (arXiv:1805.08318)."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from nevus.contracts import NevusError
from nevus.networks.discriminators import Wrap


class SelfAttention(nn.Module):
    """Every place takes in what it is similar to anywhere in the image (arXiv:1805.08318, section 3).

    Written out, since PyTorch's fused attention has no second derivative, which gradient penalties need.

    Args:
        channels: Of the feature map C; keys, queries and values have an eighth.
        wrap: What is done to the weights.
    """

    def __init__(self, channels: int, wrap: Wrap) -> None:
        super().__init__()
        narrow = max(channels // 8, 1)
        self.query = wrap(nn.Conv2d(channels, narrow, 1, bias=False))
        self.key = wrap(nn.Conv2d(channels, narrow, 1, bias=False))
        self.value = wrap(nn.Conv2d(channels, narrow, 1, bias=False))
        self.out = wrap(nn.Conv2d(narrow, channels, 1, bias=False))
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape; the same values as long as gamma is 0."""
        query, key, value = (layer(x).flatten(2) for layer in (self.query, self.key, self.value))  # (N, C / 8, HW)
        weights = torch.softmax(query.transpose(1, 2) @ key, dim=2)  # (N, HW, HW), rows add up to 1
        seen = (value @ weights.transpose(1, 2)).unflatten(2, x.shape[2:])
        attended: Tensor = x + self.gamma * self.out(seen)
        return attended


def ensure_attention(attention: int | None, heights: Iterable[int], network: str) -> None:
    """See that a network has the feature map that is to look at itself.

    Args:
        attention: Its height, or None.
        heights: Of the network's feature maps.
        network: "generator" or "critic".

    Raises:
        NevusError: It has none of this height.
    """
    if attention is not None and attention not in (heights := list(heights)):
        raise NevusError(
            f"self-attention is wanted at a height of {attention}, but the feature maps of the {network} have "
            f"{', '.join(map(str, heights))}. Set the attention of the method's {network} to one of them, or to null."
        )
