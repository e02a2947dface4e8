"""Thumbnails whose products are correlations: of detail, not of the blob in the middle that all lesions have."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from torch.nn import functional as F

from nevus.contracts import Pixels

SIDE = 16  # pixels; an image of 32 x 32 has no more detail that survives JPEG
BLUR = 1.0  # standard deviation in pixels of the thumbnail; what is smoother than that does not count
SYMMETRIES = 8
FLAT = 1.0  # length of a thumbnail before normalisation, of at most 100 or so; a flat image has rounding errors only
SOURCE_PIXELS = 1 << 22  # read at a time: 50 MB as floats

Floats = NDArray[np.float32]


def thumbnails(pixels: Pixels, rows: NDArray[np.int64]) -> Floats:
    """Small images of unit length and mean 0, so that the product of two is their correlation, -1 to 1.

    Each is scaled to 16 x 16, less itself blurred. Then deviations are compressed to the signed square root: else a
    few pixels of one dark spot would decide, and any two small spots would be one image. Brightness, contrast and
    slow changes of light do not count.

    Args:
        pixels: (N, H, W, 3) uint8; read in parts, so it may be memory-mapped.
        rows: (n,) positions of those wanted.

    Returns:
        (n, 16, 16, 3) float32; all 0 for an image without detail, which therefore correlates with nothing.
    """
    small = np.empty((len(rows), SIDE, SIDE, 3), dtype=np.float32)
    step = max(1, SOURCE_PIXELS // (pixels.shape[1] * pixels.shape[2]))
    for start in range(0, len(rows), step):
        small[start : start + step] = _normalise(_shrink(pixels[rows[start : start + step]]))
    return small


def turn(images: NDArray[Any], symmetry: int) -> NDArray[Any]:
    """Apply a symmetry of the square: `symmetry % 4` quarter turns to the left, then from 4 on left and right swap.

    Args:
        images: (N, H, W, C), H equal to W for odd symmetries if the shape is to stay.
        symmetry: 0 (none) to 7.

    Returns:
        (N, H, W, C), a view.
    """
    turned = np.rot90(images, symmetry % 4, axes=(1, 2))
    return turned[:, :, ::-1] if symmetry >= 4 else turned


def correlate(first: Floats, second: Floats) -> NDArray[np.float64]:
    """Correlations of thumbnails pair by pair, the same however many come at once.

    Args:
        first: (n, ...) thumbnails, such as (n, 16, 16, 3).
        second: As many.

    Returns:
        (n,) in -1 to 1, rounded to 6 digits.
    """
    products = (first * second).reshape(len(first), SIDE * SIDE * 3)
    correlations: NDArray[np.float64] = products.sum(axis=1, dtype=np.float64).clip(-1, 1).round(6)
    return correlations


def _shrink(pixels: Pixels) -> Floats:
    image = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
    image = F.adaptive_avg_pool2d(image, SIDE)  # sharper than interpolation; the same for a turned image
    return image.permute(0, 2, 3, 1).numpy()


def _normalise(images: Floats) -> Floats:
    blur = gaussian_filter1d(np.eye(SIDE, dtype=np.float32), BLUR, axis=0, mode="reflect")
    detail = images - np.einsum("ri,nijc,sj->nrsc", blur, images, blur, optimize=True)
    detail /= np.sqrt(np.abs(detail) + 1)  # the 1, a grey level, keeps what is nearly 0 there
    detail -= detail.mean(axis=(1, 2), keepdims=True)
    lengths = np.sqrt((detail**2).sum(axis=(1, 2, 3), keepdims=True))
    return np.where(lengths > FLAT, detail / np.maximum(lengths, FLAT), 0)
