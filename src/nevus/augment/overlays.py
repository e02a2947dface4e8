"""What lies on the skin in a photograph and is no lesion: hair and measuring rods, drawn anew for each image."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from nevus.augment import operations as o
from nevus.augment.draws import uniform

DARKEST, LIGHTEST = (-1.0, -1.0, -1.0), (-0.4, -0.6, -0.7)  # of hair, in [-1, 1]: from black to brown


def hair(options: o.Hair, images: Tensor) -> Tensor:
    """Hairs are parabolas in a coordinate system of their own, of an even colour for each image."""
    low, high = (round(limit) for limit in options.count)
    count = torch.randint(low, high + 1, (len(images),), device=images.device)
    shade = torch.rand(len(images), 1, 1, 1, device=images.device)
    dark, light = (images.new_tensor(colour).view(1, 3, 1, 1) for colour in (DARKEST, LIGHTEST))
    colour = dark + (light - dark) * shade
    bare = torch.ones(len(images), *images.shape[2:], device=images.device)  # what of the skin is still seen
    for number in range(high):
        drawn = _hair(options, images) * (number < count).view(-1, 1, 1)
        bare = bare * (1 - drawn)
    cover = (1 - bare).unsqueeze(1)
    return images + (colour - images) * cover


def ruler(options: o.Ruler, images: Tensor) -> Tensor:
    """Ticks at right angles to an edge of the image, every fifth one longer."""
    along, across = _coordinates(images, turn=uniform((-math.pi / 12, math.pi / 12), images) + _quarter(images))
    spacing = uniform(options.spacing, images).view(-1, 1, 1) * 2  # the image goes from -1 to 1
    edge = uniform((0.5, 0.85), images).view(-1, 1, 1)
    number = torch.floor(along / spacing + 0.5)
    length = torch.where(number.remainder(5) == 0, 0.3, 0.18)
    pixel = 2 / images.shape[3]
    tick = _inside((along - number * spacing).abs(), spacing / 8, pixel)
    ends = _inside((across - edge - length / 2).abs(), length / 2, pixel)
    cover = (0.8 * tick * ends).unsqueeze(1)
    return images + (-0.9 - images) * cover


def _hair(options: o.Hair, images: Tensor) -> Tensor:
    """(N, H, W): how much each pixel is covered by one hair."""
    along, across = _coordinates(images, turn=uniform((0, math.pi), images))
    middle, offset = (uniform((-0.8, 0.8), images).view(-1, 1, 1) for _ in range(2))
    bend = uniform((-0.6, 0.6), images).view(-1, 1, 1)
    half = uniform((0.4, 1.2), images).view(-1, 1, 1)
    width = uniform(options.width, images).view(-1, 1, 1)  # half of it, as the image goes from -1 to 1
    opacity = uniform((0.6, 0.95), images).view(-1, 1, 1)
    place = along - middle
    slope = 2 * bend * place
    distance = (across - offset - bend * place**2).abs() / torch.sqrt(1 + slope**2)
    pixel = 2 / images.shape[3]
    return opacity * _inside(distance, width, pixel) * _inside(place.abs(), half, pixel)


def _inside(distance: Tensor, limit: Tensor, pixel: float) -> Tensor:
    """1 where the distance is below the limit, 0 above, and between over the width of a pixel.

    A line thinner than a pixel covers each pixel by its share.
    """
    covered = ((limit - distance) / pixel + 0.5).clamp(0, 1)
    return torch.minimum(covered, 2 * limit / pixel)


def _coordinates(images: Tensor, *, turn: Tensor) -> tuple[Tensor, Tensor]:
    """(N, H, W) each: the places of the pixels in a coordinate system turned by an angle in radians."""
    height, width = images.shape[2:]
    y = ((torch.arange(height, device=images.device) + 0.5) / height * 2 - 1).view(1, -1, 1)
    x = ((torch.arange(width, device=images.device) + 0.5) / width * 2 - 1).view(1, 1, -1)
    cos, sin = torch.cos(turn).view(-1, 1, 1), torch.sin(turn).view(-1, 1, 1)
    return x * cos + y * sin, y * cos - x * sin


def _quarter(images: Tensor) -> Tensor:
    return torch.randint(0, 4, (len(images),), device=images.device) * (math.pi / 2)


OVERLAYS: dict[type[o.OperationOptions], Callable[..., Tensor]] = {o.Hair: hair, o.Ruler: ruler}
