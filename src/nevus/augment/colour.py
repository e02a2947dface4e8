"""Colour: every operation is an affine map of the three channels, and the pixels are changed once by all of them."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from nevus.augment import operations as o
from nevus.augment.draws import chosen, uniform

LUMA = (0.299, 0.587, 0.114)  # of red, green and blue (ITU-R BT.601, 2.5.1)
# Red, green and blue to luma and two differences of colour (NTSC's YIQ).
YIQ = (LUMA, (0.595716, -0.274453, -0.321263), (0.211456, -0.522591, 0.311135))

Map = tuple[Tensor, Tensor]  # (N, 3, 3) and (N, 3, 1)


def recolour(images: Tensor, operations: Sequence[o.OperationOptions]) -> Tensor:
    """Change the colours of (N, 3, H, W) images in [-1, 1], each by a draw of its own; nothing is clamped."""
    matrix = torch.eye(3, device=images.device).expand(len(images), 3, 3)
    offset = torch.zeros(len(images), 3, 1, device=images.device)
    pixels = images.flatten(2)
    # What an image's mean becomes follows from the maps so far: the pixels need not be looked at again.
    mean = pixels.mean(dim=2, keepdim=True) if any(isinstance(one, o.Contrast) for one in operations) else offset
    for operation in operations:
        turn, shift = MAPS[type(operation)](operation, images, matrix @ mean + offset)
        if operation.probability < 1:
            kept = chosen(operation.probability, images)[:, None, None]
            turn = torch.where(kept, turn, torch.eye(3, device=images.device))
            shift = torch.where(kept, shift, torch.zeros_like(shift))
        matrix, offset = turn @ matrix, turn @ offset + shift
    return torch.baddbmm(offset, matrix, pixels).view_as(images)


def grey(images: Tensor) -> Tensor:
    """(N, 3, ...) to the luma (N, 1, ...)."""
    weights = images.new_tensor(LUMA).view(1, 3, *[1] * (images.dim() - 2))
    return (images * weights).sum(dim=1, keepdim=True)


def _brightness(options: o.Brightness, images: Tensor, mean: Tensor) -> Map:
    factor = uniform(options.factor, images).view(-1, 1, 1)
    return _scaled(factor), (factor - 1).expand(-1, 3, 1)  # from black, which is -1


def _contrast(options: o.Contrast, images: Tensor, mean: Tensor) -> Map:
    factor = uniform(options.factor, images).view(-1, 1, 1)
    return _scaled(factor), ((1 - factor) * grey(mean)).expand(-1, 3, 1)


def _saturation(options: o.Saturation, images: Tensor, mean: Tensor) -> Map:
    factor = uniform(options.factor, images).view(-1, 1, 1)
    to_grey = images.new_tensor(LUMA, dtype=torch.float32).expand(3, 3)
    return _scaled(factor) + (1 - factor) * to_grey, torch.zeros_like(mean)


def _hue(options: o.Hue, images: Tensor, mean: Tensor) -> Map:
    angle = uniform(options.degrees, images) * (math.pi / 180)
    cos, sin = torch.cos(angle), torch.sin(angle)
    turn = torch.zeros(len(images), 3, 3, device=images.device)
    turn[:, 0, 0] = 1
    turn[:, 1, 1], turn[:, 1, 2], turn[:, 2, 1], turn[:, 2, 2] = cos, -sin, sin, cos
    forth = torch.tensor(YIQ, device=images.device)
    return torch.linalg.inv(forth) @ turn @ forth, torch.zeros_like(mean)


def _scaled(factor: Tensor) -> Tensor:
    return factor * torch.eye(3, device=factor.device)


MAPS: dict[type[o.OperationOptions], Callable[..., Map]] = {
    o.Brightness: _brightness,
    o.Contrast: _contrast,
    o.Saturation: _saturation,
    o.Hue: _hue,
}
