"""From packed pixels to what a network sees, and back."""

import numpy as np
import torch
from torch import Tensor

from nevus.contracts import Pixels


def to_images(pixels: Pixels | Tensor, device: torch.device | None = None) -> Tensor:
    """(N, H, W, 3) uint8, an array or a tensor, to (N, 3, H, W) float32 in [-1, 1], channels last in memory."""
    # Memory-mapped pixels are read-only, which PyTorch does not know of.
    copied = pixels if isinstance(pixels, Tensor) else torch.from_numpy(np.array(pixels))
    images = copied.to(device).permute(0, 3, 1, 2)
    return images.to(torch.float32).div_(127.5).sub_(1)


def to_pixels(images: Tensor) -> Pixels:
    """The way back: (N, 3, H, W) in [-1, 1] to (N, H, W, 3) uint8, rounded."""
    scaled = images.detach().float().clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8)
    pixels: Pixels = scaled.permute(0, 2, 3, 1).cpu().numpy()
    return pixels
