"""Perceptual hashes: images that look alike differ in few bits."""

from typing import Any

import numpy as np
import torch
from scipy.fft import dct
from torch.nn import functional as F

from nevus.contracts import Pixels

SIDE = 32  # pixels, before the transform
KEPT = 8  # lowest frequencies a side: 8 x 8 = 64 bits
BATCH = 1024  # images at once: 8 MB of doubles


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


def _hash_batch(pixels: Pixels) -> list[str]:
    basis = dct(np.eye(SIDE), type=2, axis=0)[:KEPT]  # (8, 32): only the rows of the transform that are kept
    # (n, 8, 8); rounded, because in a flat image rounding errors alone would decide what lies above the median
    low = (basis @ _grey(pixels) @ basis.T).round(6)
    flat = low.reshape(len(low), KEPT * KEPT)
    bits = flat > np.median(flat, axis=1, keepdims=True)
    return [row.tobytes().hex() for row in np.packbits(bits, axis=1)]


def _grey(pixels: Pixels) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Luma by ITU-R BT.601 in Pillow's whole numbers, (n, 32, 32)."""
    weights = np.array([19595, 38470, 7471], dtype=np.int64)
    grey = ((pixels.astype(np.int64) @ weights + 0x8000) >> 16).astype(np.uint8)
    if grey.shape[1:] != (SIDE, SIDE):
        image = torch.from_numpy(grey)[:, None]
        grey = F.interpolate(image, size=(SIDE, SIDE), mode="bilinear", antialias=True)[:, 0].numpy()
    return grey.astype(np.float64)
