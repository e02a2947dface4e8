"""Draw dermoscopy-like images from a table of attributes, many at once. Drawings, not patients.

Colour follows Beer-Lambert: skin times exp(-absorbance), one absorbance a pigment.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nevus.readers.phantom_fields import Array, Frame, spots, strokes, waves

SUPERSAMPLING = 2
WAVES = 24  # plane waves in a noise field: enough to look random
# Absorbance of red, green and blue light, first of light brown and of blood.
BROWN = (0.36, 0.74, 0.98)
BLOOD = (0.05, 0.46, 0.40)
COLORS = (  # the other colours that dermoscopy counts; the sixth is white, where pigment is missing
    (0.60, 0.86, 0.82),  # dark brown
    (1.15, 1.05, 0.85),  # black
    (0.72, 0.44, 0.16),  # blue-grey
    (0.02, 0.50, 0.38),  # red
)
COMMON_FIRST = (0.0, 0.6, 0.8, 0.6, 0.9)  # COLORS and white: dark brown is nearly always the second colour
# Random numbers, uniform in 0..1, of a lesion (the same in all its images) and of a single image.
LESION_NUMBERS = {
    "contour": (3, WAVES),
    "texture": (3, WAVES),
    "lobe": (4,),
    "order": (5,),
    "patches": (3, 5, 3),
    "globules": (3, 14),
    "mesh": (2,),
}
IMAGE_NUMBERS = {"skin": (3, WAVES), "hairs": (6, 8)}


def draw(table: Mapping[str, npt.NDArray[Any]], seed: int, size: int) -> npt.NDArray[np.uint8]:
    """Draw the images of a table.

    Args:
        table: Numeric columns of `phantom_population.draw_population` as arrays (n,), and `image`, the row numbers.
        seed: The population's seed.
        size: Width and height in pixels.

    Returns:
        (n, size, size, 3) uint8. An image depends on its row, the seed and the size, not on its neighbours.
    """
    side = size * SUPERSAMPLING
    axis = (np.arange(side, dtype=np.float32) + 0.5) * (2.0 / side) - 1.0
    row = {name: values.astype(np.float32)[:, None, None] for name, values in table.items()}
    frame = Frame(axis, *(row[name][:, 0] for name in ("rotation", "zoom", "shift_x", "shift_y")))
    lesion = _uniform([np.random.default_rng([seed, int(number), 1]) for number in table["lesion"]], LESION_NUMBERS)
    streams = [np.random.default_rng([seed, int(number)]) for number in table["image"]]
    image = _uniform(streams, IMAGE_NUMBERS)
    grain = np.stack([stream.standard_normal((size, size, 3), dtype=np.float32) for stream in streams])
    light = _light(axis, row) * _shade_of_hairs(axis, row, image["hairs"])
    color = _skin(frame, row, image["skin"]) * np.exp(-_absorbance(frame, row, lesion)) * light[:, None]
    small = color.reshape(-1, 3, size, SUPERSAMPLING, size, SUPERSAMPLING).mean(axis=(3, 5))
    pixels = np.clip(small.transpose(0, 2, 3, 1) + 0.008 * grain, 0.0, 1.0)
    return np.asarray(pixels * 255.0 + 0.5).astype(np.uint8)


def _uniform(streams: Sequence[np.random.Generator], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
    sizes = [int(np.prod(shape)) for shape in shapes.values()]
    flat = np.stack([stream.random(sum(sizes), dtype=np.float32) for stream in streams])
    parts = np.split(flat, np.cumsum(sizes)[:-1], axis=1)
    return {name: part.reshape(-1, *shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}


def _absorbance(frame: Frame, row: Mapping[str, Array], lesion: Mapping[str, Array]) -> Array:
    """All that the lesion takes from the light: (n, 3, S, S)."""
    contour = waves(frame, lesion["contour"], 3.5, 24.0, 0.6)
    texture = waves(frame, lesion["texture"], 5.0, 45.0, 0.5)
    x, y = frame.grid()
    distance, lean = _shape(x, y, row, lesion["lobe"])
    distance += (0.03 + 0.24 * row["border"]) * contour + 0.03 * texture
    width = 0.17 - 0.12 * row["abruptness"]
    inside = _logistic((1.0 - distance) / width)
    density = 0.40 + 0.90 * row["darkness"]
    pigment = inside * density * np.maximum(0.15, 1.0 + 0.7 * row["asymmetry"] * lean + 0.20 * texture)
    pigment *= _network(x, y, contour, texture, row, lesion["mesh"])
    pigment += inside * 0.7 * _globules(frame, row, lesion["globules"])
    blood = row["redness"] * (0.25 + 0.75 * _logistic((1.15 - distance) / 0.3))
    total = pigment[:, None] * _channels(BROWN) + blood[:, None] * _channels(BLOOD)
    *patches, white = np.clip(_patches(frame, row, lesion) * (1.0 + 0.35 * texture), 0.0, 1.2)
    for patch, absorbance in zip(patches, COLORS, strict=True):
        total += (patch * inside)[:, None] * _channels(absorbance)
    total *= np.exp(-0.75 * white)[:, None]
    return total


def _shape(x: Array, y: Array, row: Mapping[str, Array], numbers: Array) -> tuple[Array, Array]:
    """Distance from the middle, 1 on the smooth contour, and the side to which the pigment leans, -1..1.

    The contour is an ellipse and, the more asymmetric the lesion, a second lobe that stands out of it.
    """
    turn, lobe, size, lean = (numbers[:, number, None, None] for number in range(4))
    stretch = np.sqrt(row["elongation"])
    u, v = x / (row["radius"] * stretch), y / (row["radius"] / stretch)
    angle, reach = 2.0 * np.pi * lobe, 1.05 * row["asymmetry"]
    first = np.sqrt(u * u + v * v)
    second = np.hypot(u - reach * np.cos(angle), v - reach * np.sin(angle)) / (0.45 + 0.25 * size)
    blend = np.maximum(0.25 - np.abs(first - second), 0.0)
    side = 2.0 * np.pi * lean + turn
    return np.minimum(first, second) - blend * blend, np.clip(u * np.cos(side) + v * np.sin(side), -1.0, 1.0)


def _network(x: Array, y: Array, slow: Array, fast: Array, row: Mapping[str, Array], numbers: Array) -> Array:
    """Factor on the pigment: a honeycomb of brown lines, regular or wide, warped and broken."""
    atypia = row["network_atypia"]
    number = 2.0 * np.pi / (0.17 + 0.15 * atypia)
    warp = 0.5 + 1.5 * atypia
    total = np.zeros_like(x)
    for angle in (0.0, 2.0 * math.pi / 3.0, 4.0 * math.pi / 3.0):
        turned = 2.0 * np.pi * numbers[:, 0, None, None] + angle
        total += np.cos(
            number * (np.cos(turned) * x + np.sin(turned) * y) + warp * (math.cos(angle) * slow + 0.5 * fast)
        )
    lines = _logistic(-2.5 * (total + 0.3))
    kept = 1.0 - atypia * _logistic(3.0 * (slow - 0.2))
    return 1.0 + 0.8 * row["network"] * kept * (lines - 0.5)


def _globules(frame: Frame, row: Mapping[str, Array], numbers: Array) -> Array:
    """Round brown clods: even in size and place, or uneven and on one side."""
    atypia, radius = row["globule_atypia"][:, 0], row["radius"][:, 0]
    place, reach, size = numbers[:, 0], numbers[:, 1], numbers[:, 2]
    angle = 2.0 * np.pi * (place * (1.0 - 0.6 * atypia) + numbers[:, :1, 0])
    away = radius * np.sqrt(reach) * 0.9
    x, y = frame.to_image(away * np.cos(angle), away * np.sin(angle))
    sigma = (0.035 + 0.06 * atypia * (size - 0.35)) * frame.zoom
    drawn = np.arange(place.shape[1]) < row["globules"][:, 0]
    return spots(frame.axis, x, y, sigma, drawn.astype(np.float32))


def _patches(frame: Frame, row: Mapping[str, Array], lesion: Mapping[str, Array]) -> Array:
    """Where each colour beside light brown lies: (5, n, S, S); nothing for colours that the lesion lacks."""
    rank = (lesion["order"] + np.array(COMMON_FIRST, dtype=np.float32)).argsort(axis=1).argsort(axis=1)
    shown = rank < row["colors"][:, 0] - 1.0
    angle, reach, size = (lesion["patches"][:, number] for number in range(3))
    radius, zoom = row["radius"], frame.zoom
    away = radius * (0.15 + 0.75 * reach)
    angle = 2.0 * np.pi * (angle[..., :1] + 0.3 * angle)  # the spots of a colour lie together
    flat_x, flat_y = away * np.cos(angle), away * np.sin(angle)
    x, y = frame.to_image(flat_x.reshape(len(rank), -1), flat_y.reshape(len(rank), -1))
    sigma = radius * (0.14 + 0.22 * size) * zoom[..., None]
    weight = np.broadcast_to(shown[..., None], sigma.shape) * np.float32(0.75)
    drawn = spots(frame.axis, x.reshape(sigma.shape), y.reshape(sigma.shape), sigma, weight)
    return drawn.swapaxes(0, 1)


def _skin(frame: Frame, row: Mapping[str, Array], numbers: Array) -> Array:
    """Skin without a lesion, (n, 3, S, S): pale to tan, under a warmer or colder lamp."""
    grain = waves(frame, numbers, 8.0, 110.0, 0.3)
    pale, tan = _channels((0.92, 0.76, 0.72)), _channels((0.72, 0.52, 0.42))
    share = row["tan"][:, None]
    lamp = 1.0 + 0.05 * row["warmth"][:, None] * _channels((0.6, 0.0, -1.0))
    lamp += 0.04 * row["tint"][:, None] * _channels((0.5, -1.0, 0.5))
    return (pale + share * (tan - pale)) * lamp * (1.0 + 0.022 * grain)[:, None]


def _light(axis: Array, row: Mapping[str, Array]) -> Array:
    """Exposure, falloff to one side and darkening towards the corners: (n, S, S)."""
    x, y = axis[None, None, :], axis[None, :, None]
    slope = row["falloff"] * (np.cos(row["light_angle"]) * x + np.sin(row["light_angle"]) * y)
    corner = np.maximum(x * x + y * y - 0.55, 0.0)
    vignette: Array = np.exp(-0.55 * row["vignette"] * corner * corner)
    return row["exposure"] * (1.0 + slope) * vignette


def _shade_of_hairs(axis: Array, row: Mapping[str, Array], numbers: Array) -> Array:
    shade = np.ones((len(numbers), len(axis), len(axis)), dtype=np.float32)
    count = row["hairs"][:, 0]
    hairy = np.flatnonzero(count)
    if len(hairy):
        shade[hairy] -= 0.6 * strokes(axis, numbers[hairy], count[hairy])
    return shade


def _logistic(values: Array) -> Array:
    half: Array = np.tanh(0.5 * values)  # unlike exp(-x) it cannot overflow
    return 0.5 + 0.5 * half


def _channels(values: Sequence[float]) -> Array:
    return np.array(values, dtype=np.float32)[:, None, None]
