"""Random numbers of a batch, one an image, from torch's default generator."""

import torch
from torch import Tensor


def uniform(limits: tuple[float, float], like: Tensor) -> Tensor:
    """(N,) evenly between the limits, for a batch of N images."""
    low, high = limits
    return torch.rand(len(like), device=like.device).mul_(high - low).add_(low)


def rectangles(side: Tensor, images: Tensor) -> Tensor:
    """(N, 1, H, W) of bool: a rectangle anywhere in each image, partly outside too.

    Args:
        side: (N,), as a share of height and width.
        images: (N, C, H, W).
    """
    centre = torch.rand(len(images), 2, 1, device=images.device)
    half = side.view(-1, 1) / 2
    height, width = images.shape[2:]
    rows = (torch.arange(height, device=images.device).add(0.5) / height - centre[:, 0]).abs() < half  # (N, H)
    columns = (torch.arange(width, device=images.device).add(0.5) / width - centre[:, 1]).abs() < half  # (N, W)
    return rows[:, None, :, None] & columns[:, None, None, :]


def chosen(probability: float, like: Tensor) -> Tensor:
    """(N,) of bool, true with this probability."""
    return torch.rand(len(like), device=like.device) < probability
