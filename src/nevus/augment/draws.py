"""Random numbers of a batch, one an image, from torch's default generator."""

import torch
from torch import Tensor


def uniform(limits: tuple[float, float], like: Tensor) -> Tensor:
    """(N,) evenly between the limits, for a batch of N images."""
    low, high = limits
    return torch.rand(len(like), device=like.device).mul_(high - low).add_(low)


def chosen(probability: float, like: Tensor) -> Tensor:
    """(N,) of bool, true with this probability."""
    return torch.rand(len(like), device=like.device) < probability
