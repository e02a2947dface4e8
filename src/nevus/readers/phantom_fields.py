"""Fields over many images at once that separate into rows and columns: plane waves, spots and strokes.

The image is 2 units wide with its centre at (0, 0); x runs right, y down. A sum of K separable terms is one batched
matrix product (n, S, K) @ (n, K, S). That is fast, needs no resampling when the lesion turns, and gives the same
drawing at every resolution.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.floating[Any]]  # float32 all along

GOLDEN_SECTION = 0.618034
BLOCK_ROWS = 64
BLOCK_PRODUCTS = 2**18  # OpenBLAS: below 4 * 65,536 multiplications one thread


@dataclass(frozen=True)
class Frame:
    """Where the lesion lies in the image: image = turn(rotation) * zoom * lesion + shift.

    Attributes:
        axis: (S,) centres of the pixels in the image's units.
        rotation: (n, 1) radians.
        zoom: (n, 1).
        shift_x: (n, 1) in the image's units.
        shift_y: (n, 1).
    """

    axis: Array
    rotation: Array
    zoom: Array
    shift_x: Array
    shift_y: Array

    def to_image(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Points (n, K) of the lesion as points of the image."""
        cos, sin = np.cos(self.rotation), np.sin(self.rotation)
        return self.zoom * (cos * x - sin * y) + self.shift_x, self.zoom * (sin * x + cos * y) + self.shift_y

    def grid(self) -> tuple[Array, Array]:
        """The pixels' coordinates in the lesion, twice (n, S, S)."""
        cos, sin = np.cos(self.rotation)[..., None], np.sin(self.rotation)[..., None]
        zoom = self.zoom[..., None]
        x = (self.axis[None, None, :] - self.shift_x[..., None]) / zoom
        y = (self.axis[None, :, None] - self.shift_y[..., None]) / zoom
        return cos * x + sin * y, cos * y - sin * x


def waves(frame: Frame, numbers: Array, low: float, high: float, slope: float) -> Array:
    """Noise that is fixed to the lesion: plane waves of many directions and lengths with random phases, variance 1.

    Lengths are drawn one from each of K layers, and neighbours point apart by the golden section of a turn: else a few
    long waves of like direction draw straight edges.

    Args:
        frame: Where the lesion lies.
        numbers: (n, 3, K) uniform in 0..1, for direction, length and phase.
        low: Smallest angular wave number, in 1/unit.
        high: Largest; between them the logarithms lie evenly.
        slope: Amplitude is proportional to wave number ** -slope.

    Returns:
        (n, S, S).
    """
    layer = np.arange(numbers.shape[2], dtype=np.float32)
    turn = numbers[:, 0, :1] + GOLDEN_SECTION * layer + 0.1 * numbers[:, 0]
    angle, phase = 2.0 * np.pi * turn + frame.rotation, 2.0 * np.pi * numbers[:, 2]
    number = low * (high / low) ** ((layer + numbers[:, 1]) / len(layer))
    amplitude = number**-slope
    amplitude *= np.sqrt(2.0 / (amplitude**2).sum(axis=1, keepdims=True))
    kx, ky = np.cos(angle) * number / frame.zoom, np.sin(angle) * number / frame.zoom
    phase = phase - kx * frame.shift_x - ky * frame.shift_y
    along = kx[..., None] * frame.axis + phase[..., None]
    down = ky[..., None] * frame.axis
    rows = np.concatenate([np.cos(down), -np.sin(down)], axis=1) * np.tile(amplitude, 2)[..., None]
    columns = np.concatenate([np.cos(along), np.sin(along)], axis=1)
    return _product(rows, columns)


def spots(axis: Array, x: Array, y: Array, sigma: Array, weight: Array) -> Array:
    """Sum of round Gaussian spots.

    Args:
        axis: (S,) centres of the pixels.
        x: (..., K) centres.
        y: (..., K).
        sigma: (..., K) standard deviation in units.
        weight: (..., K) height.

    Returns:
        (..., S, S).
    """
    scale = (-0.5 / sigma**2)[..., None]
    rows = np.exp(scale * (axis - y[..., None]) ** 2) * weight[..., None]
    return _product(rows, np.exp(scale * (axis - x[..., None]) ** 2))


def strokes(axis: Array, numbers: Array, count: Array) -> Array:
    """Hairs: curved strokes that cross the image, each a dense chain of spots.

    Args:
        axis: (S,) centres of the pixels.
        numbers: (n, 6, K) uniform in 0..1: where through, direction, curvature, width, length.
        count: (n, 1) how many of the K are drawn.

    Returns:
        (n, S, S), 0 where there is none, near 1 in the middle of a stroke.
    """
    points = np.linspace(-1.0, 1.0, len(axis), dtype=np.float32)
    x, y, angle, bend, width, length = (numbers[:, number, :, None] for number in range(6))
    angle = 2.0 * np.pi * angle
    half = 0.4 + 0.9 * length
    along, across = half * points, (bend - 0.5) * 1.2 * points**2
    px = (2.0 * x - 1.0) + np.cos(angle) * along - np.sin(angle) * across
    py = (2.0 * y - 1.0) + np.sin(angle) * along + np.cos(angle) * across
    sigma = (0.008 + 0.007 * width) + 0.0 * points
    drawn = (np.arange(numbers.shape[2]) < count)[..., None]
    weight = drawn * (2.0 * half / len(axis)) / (sigma * np.float32(np.sqrt(2.0 * np.pi)))
    flat = [values.reshape(len(numbers), -1).astype(np.float32) for values in (px, py, sigma, weight)]
    return np.minimum(spots(axis, *flat), np.float32(1.0))


def _product(rows: Array, columns: Array) -> Array:
    """Sum over k of rows[..., k, i] * columns[..., k, j], in blocks too small for BLAS to start threads on.

    For matrices of this size OpenBLAS's threads cost far more than they save, above all while another process computes.
    """
    terms, side = rows.shape[-2:]
    height = min(side, BLOCK_ROWS)
    depth = max(1, BLOCK_PRODUCTS // (height * side))
    total = np.zeros((*rows.shape[:-2], side, side), dtype=np.float32)
    for top in range(0, side, height):
        for first in range(0, terms, depth):
            block = np.swapaxes(rows[..., first : first + depth, top : top + height], -1, -2)
            total[..., top : top + height, :] += block @ columns[..., first : first + depth, :]
    return total
