"""Geometry: every operation is a matrix, and the image is resampled once by the product of all of them."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from nevus.augment import operations as o
from nevus.augment.draws import chosen, uniform


def resample(images: Tensor, operations: Sequence[o.OperationOptions]) -> Tensor:
    """Change the geometry of (N, 3, H, W) images, each by a draw of its own.

    What lies outside is filled by reflection: black corners would tell the network by how much an image was turned.
    """
    matrix = torch.eye(3, device=images.device).expand(len(images), 3, 3)
    for operation in operations:  # a matrix maps positions of its output to its input, so the first stands outermost
        drawn = MATRICES[type(operation)](operation, images)
        if operation.probability < 1:
            kept = chosen(operation.probability, images)[:, None, None]
            drawn = torch.where(kept, drawn, torch.eye(3, device=images.device))
        matrix = matrix @ drawn
    grid = F.affine_grid(matrix[:, :2], list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def matrices(rows: Sequence[Sequence[Tensor | float]], like: Tensor) -> Tensor:
    """(N, 3, 3) from two rows of three entries, each (N,) or a number."""
    entries = [torch.as_tensor(entry, device=like.device).expand(len(like)) for row in rows for entry in row]
    last = like.new_tensor([0.0, 0.0, 1.0]).expand(len(like), 3)
    return torch.cat([torch.stack(entries, dim=1).float(), last.float()], dim=1).view(-1, 3, 3)


def _square(_: o.Square, images: Tensor) -> Tensor:
    signs = torch.randint(0, 2, (len(images), 2), device=images.device).float() * 2 - 1
    swap = torch.randint(0, 2, (len(images),), device=images.device).bool()
    zero = torch.zeros_like(signs[:, 0])
    x, y = signs.unbind(dim=1)
    straight = (torch.where(swap, zero, x), torch.where(swap, x, zero))
    return matrices([(*straight, 0), (torch.where(swap, y, zero), torch.where(swap, zero, y), 0)], images)


def _flip(images: Tensor) -> Tensor:
    return torch.randint(0, 2, (len(images),), device=images.device).float() * 2 - 1


def _horizontal_flip(_: o.HorizontalFlip, images: Tensor) -> Tensor:
    return matrices([(_flip(images), 0, 0), (0, 1, 0)], images)


def _vertical_flip(_: o.VerticalFlip, images: Tensor) -> Tensor:
    return matrices([(1, 0, 0), (0, _flip(images), 0)], images)


def _rotate(options: o.Rotate, images: Tensor) -> Tensor:
    angle = uniform(options.degrees, images) * (math.pi / 180)
    cos, sin = torch.cos(angle), torch.sin(angle)
    return matrices([(cos, -sin, 0), (sin, cos, 0)], images)


def _shear(options: o.Shear, images: Tensor) -> Tensor:
    return matrices([(1, torch.tan(uniform(options.degrees, images) * (math.pi / 180)), 0), (0, 1, 0)], images)


def _scale(options: o.Scale, images: Tensor) -> Tensor:
    inverse = torch.exp(-uniform(_logarithms(options.factor), images))
    return matrices([(inverse, 0, 0), (0, inverse, 0)], images)


def _shift(options: o.Shift, images: Tensor) -> Tensor:
    across, down = (2 * uniform(options.share, images) for _ in range(2))  # the image goes from -1 to 1
    return matrices([(1, 0, across), (0, 1, down)], images)


def _crop(options: o.Crop, images: Tensor) -> Tensor:
    area, aspect = uniform(options.area, images), torch.exp(uniform(_logarithms(options.aspect), images))
    width, height = ((area * ratio).sqrt().clamp(max=1) for ratio in (aspect, 1 / aspect))
    across, down = ((1 - side) * uniform((-1, 1), images) for side in (width, height))
    return matrices([(width, 0, across), (0, height, down)], images)


def _logarithms(limits: tuple[float, float]) -> tuple[float, float]:
    return math.log(limits[0]), math.log(limits[1])


MATRICES: dict[type[o.OperationOptions], Callable[..., Tensor]] = {
    o.Square: _square,
    o.HorizontalFlip: _horizontal_flip,
    o.VerticalFlip: _vertical_flip,
    o.Rotate: _rotate,
    o.Shear: _shear,
    o.Scale: _scale,
    o.Shift: _shift,
    o.Crop: _crop,
}
