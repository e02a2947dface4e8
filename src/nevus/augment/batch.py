"""Random changes of a whole batch at once, each image by its own draw, differentiable in the images.

A discriminator may see a change of the generated images only if the real ones undergo the same, and the generator
learns through it (differentiable augmentation, arXiv:2006.10738, section 3). Geometry is one `grid_sample` whatever the
number of transformations: their matrices are multiplied first.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from nevus.augment.options import AugmentOptions


class BatchAugment:
    """Draw and apply geometry, colour and cut-out; called with (N, 3, H, W) in [-1, 1], returns the same shape."""

    def __init__(self, options: AugmentOptions) -> None:
        self.options = options

    def __call__(self, images: Tensor) -> Tensor:
        """Change every image by a draw of its own, from torch's default random numbers."""
        return self._cutout(self._colour(self._geometry(images)))

    def _geometry(self, images: Tensor) -> Tensor:
        o, n, device = self.options, len(images), images.device
        if not (o.flip or o.rotation or o.scale or o.shear or o.translation):
            return images
        matrix = affine(
            angle=uniform(n, math.radians(o.rotation), device),
            scale=torch.exp(uniform(n, math.log1p(o.scale), device)),
            shear=torch.tan(uniform(n, math.radians(o.shear), device)),
            shift=torch.stack([uniform(n, 2 * o.translation, device) for _ in range(2)], dim=1),
        )
        if o.flip:
            matrix = torch.cat([square_symmetries(n, device) @ matrix[:, :, :2], matrix[:, :, 2:]], dim=2)
        grid = F.affine_grid(matrix, list(images.shape), align_corners=False)
        # Reflection: black corners would tell the network by how much an image was turned.
        return F.grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=False)

    def _colour(self, images: Tensor) -> Tensor:
        o, n, device = self.options, len(images), images.device
        if o.saturation:
            grey = images.mean(dim=1, keepdim=True)
            images = grey + (images - grey) * (1 + uniform(n, o.saturation, device)).view(-1, 1, 1, 1)
        if o.contrast:
            mean = images.mean(dim=(1, 2, 3), keepdim=True)
            images = mean + (images - mean) * (1 + uniform(n, o.contrast, device)).view(-1, 1, 1, 1)
        if o.brightness:
            images = images + 2 * uniform(n, o.brightness, device).view(-1, 1, 1, 1)
        return images

    def _cutout(self, images: Tensor) -> Tensor:
        n, _, height, width = images.shape
        half = self.options.cutout / 2
        if not half:
            return images
        centre = torch.rand(n, 2, 1, device=images.device)
        rows = (torch.arange(height, device=images.device).add(0.5) / height - centre[:, 0]).abs() < half  # (N, H)
        columns = (torch.arange(width, device=images.device).add(0.5) / width - centre[:, 1]).abs() < half  # (N, W)
        hole = (rows[:, None, :, None] & columns[:, None, None, :]).to(images.dtype)  # (N, 1, H, W)
        return images * (1 - hole) + images.mean(dim=(2, 3), keepdim=True) * hole


def affine(*, angle: Tensor, scale: Tensor, shear: Tensor, shift: Tensor) -> Tensor:
    """Rotation times shear times scale, then a shift: (N, 2, 3) matrices for `torch.nn.functional.affine_grid`.

    Args:
        angle: (N,) in radians.
        scale: (N,) factors; above 1 zooms out, since the matrix maps output positions to input positions.
        shear: (N,) tangents.
        shift: (N, 2) in units of half the image side.
    """
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    rows = torch.stack([cos, cos * shear - sin, sin, sin * shear + cos], dim=1).view(-1, 2, 2)
    return torch.cat([rows, shift.unsqueeze(2)], dim=2)


def square_symmetries(n: int, device: torch.device) -> Tensor:
    """(N, 2, 2): for each image one of the eight symmetries of the square, evenly."""
    signs = torch.randint(0, 2, (n, 2), device=device).float() * 2 - 1
    swap = torch.randint(0, 2, (n, 1, 1), device=device).bool()
    diagonal = torch.diag_embed(signs)
    return torch.where(swap, diagonal.flip(1), diagonal)


def uniform(n: int, limit: float, device: torch.device) -> Tensor:
    """(N,) evenly from -limit to limit."""
    return (torch.rand(n, device=device) * 2 - 1) * limit
