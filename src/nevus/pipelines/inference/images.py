"""What somebody hands a model, as pixels of its size: decoded and resized by what packed the training images.

The code inside a saved model imports this where nevus is not installed, so it imports little.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from nevus.contracts import NevusError, Pixels
from nevus.corpus.decode import decode
from nevus.corpus.resize import Policy, fit

CHUNK = 64  # images decoded at a time, so that memory does not grow with their number
SHOWN = 3  # unusable images in a message
# Of models from before the record said how their images were packed.
RESIZE: Policy = "squash"
MAX_PIXELS = 50_000_000
WANTED = (
    "images are wanted as encoded files (bytes, or base64 text), as (H, W, 3) uint8 arrays, or as one (N, H, W, 3) "
    "uint8 array"
)


class ImagesError(NevusError):
    """What was handed in is not what a model takes; one sentence."""


class Intake(NamedTuple):
    """What a model makes of an image before its network sees it.

    Attributes:
        size: Height and width, in pixels.
        resize: squash, crop or pad, as `nevus.corpus.resize.fit` does it.
        max_pixels: Encoded images with more are refused: a small file may unpack to gigabytes.
    """

    size: int
    resize: Policy
    max_pixels: int

    @classmethod
    def of(cls, spec: Mapping[str, Any], record: Mapping[str, Any]) -> Intake:
        """That of the packing that made the training images.

        Args:
            spec: `Classifier.spec`.
            record: `Classifier.record`.
        """
        packing = (record.get("parameters") or {}).get("ingestion", {})
        return cls(int(spec["size"]), packing.get("resize", RESIZE), int(packing.get("max_pixels", MAX_PIXELS)))


def chunks_of(given: Any, intake: Intake) -> Iterator[Pixels]:
    """Take in what was handed over, some images at a time.

    Args:
        given: A sequence of images, or a table, Series or mapping with one column of them. Each is an encoded file
            (bytes, or base64 text, as a data URL or not) or an (H, W, 3) uint8 array of any size; a stack of arrays is
            a sequence too. Whole numbers from 0 to 255, as JSON has them, count as uint8.
        intake: What the model makes of them.

    Yields:
        (n, S, S, 3) uint8, in order.

    Raises:
        ImagesError: It is nothing of this, or images cannot be read; the message has their rows, from 0. Raised after
            the last chunk, so that it names them all.
    """
    images, refused = sequence_of(given), {}
    for start in range(0, len(images), CHUNK):
        pixels, errors = take(images[start : start + CHUNK], intake)
        refused.update({start + position: reason for position, reason in errors.items()})
        if not refused:
            yield pixels
    if refused:
        shown = [f"row {row}: {reason}" for row, reason in sorted(refused.items())[:SHOWN]]
        more = f"; and {len(refused) - SHOWN} more" if len(refused) > SHOWN else ""
        raise ImagesError(f"{len(refused)} of {len(images)} images cannot be read ({'; '.join(shown)}{more}); {WANTED}")


def sequence_of(given: Any) -> Sequence[Any]:
    """The images one by one, whatever holds them.

    Raises:
        ImagesError: It holds no images, or not in one column.
    """
    column = _column(given)
    array = column if isinstance(column, np.ndarray) else None
    if array is not None and array.ndim != 1 and not _is_picture(array, axes=4):
        raise ImagesError(f"{_said(array)} is no stack of images; {WANTED}")
    if array is None and not isinstance(column, list | tuple):
        raise ImagesError(f"{_said(column)} holds no images; {WANTED}")
    if not len(column):
        raise ImagesError(f"no image was given; {WANTED}")
    found: Sequence[Any] = column
    return found


def _column(given: Any) -> Any:
    """The only column of a table or mapping, and what a Series holds."""
    columns = getattr(given, "columns", given if isinstance(given, Mapping) else None)
    if columns is not None:
        if len(columns) != 1:
            names = ", ".join(map(str, columns)) or "none"
            raise ImagesError(f"a table of images has one column, that of the images, but was given {names}")
        given = given[next(iter(columns))]
    return given.to_numpy() if hasattr(given, "to_numpy") else given


def take(images: Sequence[Any], intake: Intake) -> tuple[Pixels, dict[int, str]]:
    """Images of any kind to pixels of one size.

    Args:
        images: Encoded files, base64 texts and arrays, also mixed.
        intake: Size and how it is reached.

    Returns:
        (n, S, S, 3) uint8 of those that could be read, in order; and of the others the position and the reason.
    """
    side = intake.size
    pixels = np.zeros((len(images), side, side, 3), dtype=np.uint8)
    errors: dict[int, str] = {}
    files: dict[int, bytes] = {}
    for position, image in enumerate(images):
        try:
            if isinstance(image, np.ndarray):
                pixels[position] = _resized(image, intake)
            else:
                files[position] = _encoded(image)
        except ImagesError as error:
            errors[position] = str(error)
    if files:
        found = decode(list(files.values()), side, max_pixels=intake.max_pixels, resize=intake.resize)
        positions = np.array(list(files))
        pixels[positions[found.indices]] = found.pixels
        errors |= {int(positions[index]): reason for index, reason in found.errors.items()}
    return np.delete(pixels, list(errors), axis=0) if errors else pixels, dict(sorted(errors.items()))


def _resized(array: Any, intake: Intake) -> Pixels:
    if not _is_picture(array, axes=3):
        raise ImagesError(f"{_said(array)} is no image")
    image: Pixels = np.ascontiguousarray(array, dtype=np.uint8)
    if image.shape[:2] == (intake.size, intake.size):
        return image
    return np.asarray(fit(Image.fromarray(image), intake.size, intake.resize))


def _encoded(image: Any) -> bytes:
    if isinstance(image, bytes | bytearray | memoryview):
        return bytes(image)
    if not isinstance(image, str):
        raise ImagesError(f"{_said(image)} is no image")
    text = image.partition(",")[2] if image.startswith("data:") else image
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):  # a ValueError for letters beyond ASCII
        raise ImagesError("text that is not base64") from None


def _is_picture(array: Any, *, axes: int) -> bool:
    """Whether these are colours from 0 to 255, with the channels last."""
    if array.ndim != axes or array.shape[-1] != 3 or 0 in array.shape[-3:]:
        return False
    if array.dtype == np.int64:  # which JSON's whole numbers become
        return not array.size or bool(array.min() >= 0 and array.max() <= 255)
    return bool(array.dtype == np.uint8)


def _said(thing: Any) -> str:
    if not isinstance(thing, np.ndarray):
        return f"a value of type {type(thing).__name__}"
    if thing.dtype == np.int64 and thing.size and (thing.min() < 0 or thing.max() > 255):
        return f"an array with values from {thing.min()} to {thing.max()}"
    hint = " (channels first?)" if thing.ndim in (3, 4) and thing.shape[-3] == 3 != thing.shape[-1] else ""
    return f"an array of shape {thing.shape}{hint} and type {thing.dtype}"
