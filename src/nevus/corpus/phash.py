"""Perceptual hashes: images that look alike differ in few bits."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dct

from nevus.contracts import Pixels

SIDE = 32  # pixels, before the transform
KEPT = 8  # lowest frequencies a side: 8 x 8 = 64 bits
BATCH = 64  # images at once: at 224 pixels 40 MB while they turn grey


def phash(pixels: Pixels) -> list[str]:
    """64-bit hashes from the lowest frequencies of the cosine transform.

    The method of http://www.hackerfactor.com/blog/index.php?/archives/432-Looks-Like-It.html as the package `imagehash`
    does it: grey, 32 x 32 pixels, DCT-II, the 8 x 8 lowest frequencies, a bit each: above the median or not. Bits are
    taken row by row, the first the most significant.

    Args:
        pixels: (N, H, W, 3) uint8.

    Returns:
        N strings of 16 hexadecimal digits.
    """
    hashes: list[str] = []
    for start in range(0, len(pixels), BATCH):
        hashes += _hash_batch(np.asarray(pixels[start : start + BATCH]))
    return hashes


def symmetric_hashes(pixels: Pixels, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Hashes of some images in all symmetries of the square.

    Args:
        pixels: (N, H, W, 3) uint8.
        rows: (n,) positions of those wanted.

    Returns:
        (n, 8) uint64. Column s is `phash` as a number after `s % 4` quarter turns to the left and, from 4 on, a swap
        of left and right.
    """
    hashes = np.empty((len(rows), 8), dtype=np.uint64)
    step = max(1, BATCH * SIDE * SIDE // (pixels.shape[1] * pixels.shape[2]))
    for start in range(0, len(rows), step):
        grey = _grey(np.asarray(pixels[rows[start : start + step]]))
        for symmetry in range(8):
            turned = np.rot90(grey, symmetry % 4, axes=(1, 2))
            packed = _pack(turned[:, :, ::-1] if symmetry >= 4 else turned)
            hashes[start : start + step, symmetry] = packed.view(">u8")[:, 0]
    return hashes


def _hash_batch(pixels: Pixels) -> list[str]:
    return [row.tobytes().hex() for row in _pack(_grey(pixels))]


def _pack(grey: NDArray[np.float64]) -> NDArray[np.uint8]:
    """(n, 8) bytes from (n, 32, 32)."""
    basis = dct(np.eye(SIDE), type=2, axis=0)[:KEPT]  # (8, 32): only the rows of the transform that are kept
    # (n, 8, 8); rounded, because in a flat image rounding errors alone would decide what lies above the median
    low = (basis @ grey @ basis.T).round(6)
    flat = low.reshape(len(low), KEPT * KEPT)
    return np.packbits(flat > np.median(flat, axis=1, keepdims=True), axis=1)


def _grey(pixels: Pixels) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Luma by ITU-R BT.601 in Pillow's whole numbers, (n, 32, 32)."""
    if pixels.shape[1:3] == (SIDE, SIDE):
        red, green, blue = (pixels[..., channel].astype(np.uint32) for channel in range(3))
        grey = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16
    else:
        images = (Image.fromarray(image).convert("L") for image in pixels)
        grey = np.stack([np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BILINEAR)) for image in images])
    return grey.astype(np.float64)
