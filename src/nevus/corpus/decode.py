"""From encoded files to pixels of one size; what cannot be decoded becomes a reason, never an exception."""

import io
import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError

from nevus.contracts import Pixels
from nevus.corpus.jpeg import JpegSize, plain_sizes
from nevus.corpus.resize import Policy, enough, fit
from nevus.file_contents import recognise

# Not all that Pillow opens: PostScript starts Ghostscript, and some only say what they are (HDF5, MPEG). JPEG stands
# for MPO too. TGA comes last, because it has no signature.
FORMATS = (
    *("JPEG", "PNG", "BMP", "DIB", "TIFF", "WEBP", "GIF", "JPEG2000", "AVIF", "PPM"),
    *("PSD", "SGI", "QOI", "PCX", "TGA"),
)
SMALL = 128 * 128  # pixels; larger ones take Pillow longer to decode than to open, and may be decoded at reduced scale
ORIENTATION = 0x0112  # EXIF
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = {5, 6, 7, 8}


class Decoded(NamedTuple):
    """A decoded batch.

    Attributes:
        pixels: (n, size, size, 3) uint8, the good files in their order.
        indices: (n,) int64, where each stands among the files.
        widths: (n,) int64, pixels before resizing and at full scale, as seen upright.
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

    def __init__(self, count: int, size: int, policy: Policy) -> None:
        self.pixels = np.empty((count, size, size, 3), dtype=np.uint8)
        self.size, self.policy = size, policy
        self.sizes: list[tuple[int, int]] = [(0, 0)] * count
        self.errors: dict[int, str] = {}

    def put_alike(self, indices: list[int], images: Pixels, size: JpegSize) -> None:
        """Take images of one original size, (n, height, width, 3) uint8."""
        if size == (self.size, self.size):
            self.pixels[indices] = images
        else:
            for index, image in zip(indices, images, strict=True):
                self.pixels[index] = np.asarray(fit(Image.fromarray(image), self.size, self.policy))
        for index in indices:
            self.sizes[index] = size

    def put_any(self, index: int, data: bytes, max_pixels: int) -> None:
        """Take a file of any kind."""
        try:
            image, self.sizes[index] = _decode_any(data, self.size, self.policy, max_pixels)
            self.pixels[index] = np.asarray(image)
        except MemoryError:  # says nothing about the file
            raise
        except Exception as error:  # Pillow raises nearly anything for a damaged file
            self.errors[index] = _reason(error, data, max_pixels)

    def done(self) -> Decoded:
        """What was collected."""
        good = np.setdiff1d(np.arange(len(self.pixels)), list(self.errors)).astype(np.int64)
        pixels = self.pixels[good] if self.errors else self.pixels
        sizes = np.array(self.sizes, dtype=np.int64).reshape(-1, 2)[good]
        return Decoded(pixels, good, sizes[:, 0], sizes[:, 1], dict(sorted(self.errors.items())))


class _RefusedError(Exception):
    """What this module itself will not decode; the message is the reason."""


def decode(files: Sequence[bytes], size: int, *, max_pixels: int, resize: Policy) -> Decoded:
    """Decode files and bring them to one size.

    Small plain JPEGs are decoded together by torchvision; everything else, and what that refuses, by Pillow: upright
    by its EXIF orientation, the first frame, as RGB (transparency dropped, 16 bits scaled to 8), and large JPEGs at a
    reduced scale where that leaves enough (`nevus.corpus.resize.enough`).

    Args:
        files: Encoded images.
        size: Height and width wanted, in pixels.
        max_pixels: Files with more pixels (width times height, at full scale) are refused before they are decoded.
        resize: squash, crop or pad, as `nevus.corpus.resize.fit` does it.

    Returns:
        Pixels of the good files, errors of the others.

    Raises:
        MemoryError: There is not enough memory for a file within `max_pixels`.
    """
    batch = _Batch(len(files), size, resize)
    slow = set(range(len(files)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd metadata is no reason to worry anybody; odd pixels become errors
        for found, indices in _small_jpegs(files, max_pixels).items():
            slow.difference_update(_put_small(batch, files, indices, found))
        for index in sorted(slow):
            batch.put_any(index, files[index], max_pixels)
    return batch.done()


def _small_jpegs(files: Sequence[bytes], max_pixels: int) -> dict[JpegSize, list[int]]:
    """Indices of the small plain JPEGs, by their size."""
    groups: dict[JpegSize, list[int]] = {}
    for index, found in enumerate(plain_sizes(files)):
        if found is not None and found.width * found.height <= min(SMALL, max_pixels):
            groups.setdefault(found, []).append(index)
    return groups


def _put_small(batch: _Batch, files: Sequence[bytes], indices: list[int], size: JpegSize) -> list[int]:
    """Decode these; return the indices of the good ones."""
    from nevus.corpus.jpeg_batch import decode_alike  # imports torch, for which workers with large images need not wait

    images, positions = decode_alike([files[index] for index in indices], size)
    good = [indices[position] for position in positions]
    batch.put_alike(good, images, size)
    return good


def _decode_any(data: bytes, size: int, policy: Policy, max_pixels: int) -> tuple[Image.Image, tuple[int, int]]:
    """The finished image, and its original width and height as seen upright."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        width, height = image.size
        if width * height > max_pixels:
            raise _RefusedError(f"{_too_large(max_pixels)}: {width} x {height}")
        if image.mode == "F" or (image.mode == "I" and image.format != "PPM"):  # PPM's are brought to 0 .. 65535
            raise _RefusedError(f"pixel values of unknown range: {image.mode} in {image.format}")
        extent = None
        if width * height > SMALL and (drafted := image.draft("RGB", enough(width, height, size, policy))):
            extent = drafted[1][2:]  # libjpeg then makes 1/2 or 1/4 from fewer frequencies; other formats have no draft
        image.load()
        turn = _orientation(image)
        finished = fit(_as_rgb(image), size, policy, extent=extent, turn=_TURNS.get(turn))
    return finished, ((height, width) if turn in _SIDEWAYS else (width, height))


def _orientation(image: Image.Image) -> int:
    """How the image has to be turned, 1 (not at all) to 8; metadata that cannot be read turns nothing."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # Pillow raises nearly anything for damaged metadata
        return 1


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # `convert` would clip at 255 and leave a white image
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    return image if image.mode == "RGB" else image.convert("RGB")


def _reason(error: Exception, data: bytes, max_pixels: int) -> str:
    text = str(error)
    if isinstance(error, _RefusedError):
        return text
    if isinstance(error, UnidentifiedImageError):
        found = recognise(data)
        return found.said if found else "content is in no known image format"
    if isinstance(error, Image.DecompressionBombError):
        return f"{_too_large(max_pixels)}: {text}"
    if "Decompressed data too large" in text or "Too much memory used" in text:
        return f"metadata would unpack to too much: {text}"  # PNG's texts and profiles
    return "image is truncated" if "truncated" in text.lower() else f"image is damaged: {text}"


def _too_large(max_pixels: int) -> str:
    # Pillow has a limit of its own, twice MAX_IMAGE_PIXELS, which holds whatever is configured here
    pillows = 2 * (Image.MAX_IMAGE_PIXELS or max_pixels)
    return f"more pixels than {'ingestion.max_pixels' if max_pixels <= pillows else 'Pillow'} allows"
