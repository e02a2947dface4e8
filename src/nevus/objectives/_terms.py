"""Terms of a GAN's losses that objectives put together."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

Network = Callable[..., Any]


def squared_gradient(score: Tensor, images: Tensor) -> Tensor:
    """R1: mean over the images of the squared length of the gradient of their score (arXiv:1801.04406, section 4.1).

    Args:
        score: (N,), computed from the images.
        images: (N, 3, H, W), with a gradient.
    """
    (gradient,) = torch.autograd.grad(score.sum(), images, create_graph=True)
    return gradient.square().sum(dim=(1, 2, 3)).mean()


def pull_away(features: Tensor) -> Tensor:
    """Mean squared cosine between different rows of (N, F) features, N > 1 (arXiv:1609.03126, section 2.4)."""
    count = len(features)
    unit = F.normalize(features, dim=1)
    return ((unit @ unit.T).square().sum() - count) / (count * (count - 1))


def mean_entropy(logits: Tensor) -> Tensor:
    """Of the classes, in nats: ln K where all are as likely (arXiv:1705.09783, section 4)."""
    return -(logits.softmax(dim=1) * logits.log_softmax(dim=1)).sum(dim=1).mean()


def quarter_turns(images: Tensor) -> tuple[Tensor, Tensor]:
    """Each of (N, 3, H, H) images turned by a number of quarters drawn for it.

    Returns:
        The images, and (N,) int64 quarters from 0 to 3 (arXiv:1803.07728, section 2).
    """
    quarters = torch.randint(4, (len(images),), device=images.device)
    all_turns = torch.stack([torch.rot90(images, number, dims=(2, 3)) for number in range(4)])
    return all_turns[quarters, torch.arange(len(images), device=images.device)], quarters
