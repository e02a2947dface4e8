"""From encoded files to pixels of one size; what cannot be decoded becomes a reason, never an exception."""

import io
import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor
from torch.nn import functional as F

from nevus.contracts import Pixels
from nevus.corpus.jpeg import decode_plain, plain_size

# Those that images of skin come in (JPEG stands for MPO too). Among the others is PostScript, which starts Ghostscript.
FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP", "GIF")


class Decoded(NamedTuple):
    """A decoded batch.

    Attributes:
        pixels: (n, size, size, 3) uint8, the good files in their order.
        indices: (n,) int64, where each stands among the files.
        widths: (n,) int64, pixels before resizing, as seen upright.
        heights: (n,) int64, likewise.
        errors: For every other file its index and the reason; what follows a colon is particular to the file.
    """

    pixels: Pixels
    indices: "np.ndarray[tuple[int], np.dtype[np.int64]]"
    widths: "np.ndarray[tuple[int], np.dtype[np.int64]]"
    heights: "np.ndarray[tuple[int], np.dtype[np.int64]]"
    errors: dict[int, str]


class _Batch:
    """Collects images at their final size, so that one large original at a time is in memory."""

    def __init__(self, count: int, size: int) -> None:
        self.pixels = np.empty((count, size, size, 3), dtype=np.uint8)
        self.sizes = np.zeros((count, 2), dtype=np.int64)
        self.errors: dict[int, str] = {}

    def put(self, index: int, image: Tensor | str) -> None:
        """Take an image, (3, height, width) uint8, or the reason why there is none."""
        if isinstance(image, str):
            self.errors[index] = image
            return
        self.sizes[index] = image.shape[2], image.shape[1]
        self.pixels[index] = _squash(image, self.pixels.shape[1]).permute(1, 2, 0).numpy()

    def done(self) -> Decoded:
        """What was collected."""
        good = np.setdiff1d(np.arange(len(self.pixels)), list(self.errors)).astype(np.int64)
        pixels = self.pixels[good] if self.errors else self.pixels
        return Decoded(pixels, good, self.sizes[good, 0], self.sizes[good, 1], dict(sorted(self.errors.items())))


def decode(files: Sequence[bytes], size: int, *, max_pixels: int) -> Decoded:
    """Decode files and squash them to one size.

    Plain JPEGs are decoded as a list by torchvision; everything else, and what that refuses, by Pillow: upright by its
    EXIF orientation, the first frame, as RGB (transparency dropped, 16 bits scaled to 8).

    Args:
        files: Encoded images.
        size: Height and width wanted, in pixels; reached without regard to the aspect ratio, with antialiasing.
        max_pixels: Files with more pixels (width times height) are refused before they are decoded.

    Returns:
        Pixels of the good files, errors of the others.
    """
    batch = _Batch(len(files), size)
    plain = {index: found for index, data in enumerate(files) if (found := plain_size(data)) is not None}
    small = {index: found for index, found in plain.items() if found.width * found.height <= max_pixels}
    for index in plain.keys() - small.keys():
        batch.put(index, _too_large(plain[index].width, plain[index].height))
    slow = [index for index in range(len(files)) if index not in plain]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd metadata is no reason to worry anybody; odd pixels become errors
        for index, image in zip(small, decode_plain([files[i] for i in small], list(small.values())), strict=True):
            if image is None:
                slow.append(index)
            else:
                batch.put(index, image)
        for index in slow:
            batch.put(index, _decode_any(files[index], max_pixels))
    return batch.done()


def _squash(image: Tensor, size: int) -> Tensor:
    if image.shape[1:] == (size, size):
        return image
    return F.interpolate(image[None], size=(size, size), mode="bilinear", antialias=True, align_corners=False)[0]


def _too_large(width: int, height: int) -> str:
    return f"more pixels than ingestion.max_pixels allows: {width} x {height}"


def _decode_any(data: bytes, max_pixels: int) -> Tensor | str:
    """One image, (3, height, width) uint8, or the reason why not."""
    if not data:
        return "file is empty"
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > max_pixels:
                return _too_large(image.width, image.height)
            if image.mode in ("I", "F"):
                return f"pixel values of unknown range: {image.mode} in {image.format}"
            array = np.array(_as_rgb(ImageOps.exif_transpose(image)))
    except UnidentifiedImageError:
        return "content is in no known image format"
    except Image.DecompressionBombError as error:
        return f"more pixels than ingestion.max_pixels allows: {error}"
    except Exception as error:  # Pillow raises nearly anything for a damaged file
        return "image is truncated" if "truncated" in str(error).lower() else f"image is damaged: {error}"
    return torch.from_numpy(array).permute(2, 0, 1)


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):  # `convert` would clip at 255 and leave a white image
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    return image.convert("RGB")
