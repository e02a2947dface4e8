"""Plain JPEGs, thousands at a time."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torchvision.io import ImageReadMode, decode_jpeg

BATCH_PIXELS = 1 << 26  # decoded at once: 64 Mpixel are 200 MB

_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_BASELINE = frozenset({0xC0, 0xC1})
_OTHER_FRAMES = frozenset(range(0xC2, 0xD0)) - {0xC4, 0xC8, 0xCC}  # progressive, lossless, arithmetic; not the tables


class JpegSize(NamedTuple):
    """Pixels as stored."""

    width: int
    height: int


def plain_size(data: bytes) -> JpegSize | None:
    """Read the header of a plain JPEG: baseline, 8 bits, three components, no EXIF (which may ask for a rotation).

    Markers as in ITU-T T.81, annex B.

    Args:
        data: The encoded file.

    Returns:
        Its size, or None if the file is anything else, broken or not.
    """
    if data[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _BASELINE:
            return _frame_size(data[at + 4 : at + 2 + length])
        is_exif = marker == 0xE1 and data[at + 4 : at + 8] == b"Exif"
        if is_exif or length < 2 or marker in _OTHER_FRAMES or marker in _STANDALONE:
            return None
        at += 2 + length
    return None


def _frame_size(frame: bytes) -> JpegSize | None:
    if len(frame) < 6 or frame[0] != 8 or frame[5] != 3:
        return None
    size = JpegSize(width=int.from_bytes(frame[3:5], "big"), height=int.from_bytes(frame[1:3], "big"))
    return size if size.width and size.height else None


def decode_plain(files: Sequence[bytes], sizes: Sequence[JpegSize]) -> Iterator[Tensor | None]:
    """Decode plain JPEGs in batches of at most `BATCH_PIXELS`.

    libjpeg's source manager in torchvision refuses a file that ends before its image does, so a truncated file is None.

    Args:
        files: Encoded files for which `plain_size` is known.
        sizes: Their sizes.

    Yields:
        (3, height, width) uint8 in the order of the files, or None for a file that the decoder refuses.
    """
    start, pixels = 0, 0
    for end, size in enumerate(sizes):
        pixels += size.width * size.height
        if end > start and pixels > BATCH_PIXELS:
            yield from _decode_batch(files[start:end])
            start, pixels = end, size.width * size.height
    if start < len(files):
        yield from _decode_batch(files[start:])


def _decode_batch(files: Sequence[bytes]) -> list[Tensor | None]:
    encoded = [torch.frombuffer(bytearray(data), dtype=torch.uint8) for data in files]
    return _decode_or_halve(encoded)


def _decode_or_halve(encoded: list[Tensor]) -> list[Tensor | None]:
    # one bad file fails the whole list; halving finds it in a few calls instead of one call a file
    try:
        return list(decode_jpeg(encoded, mode=ImageReadMode.RGB))
    except RuntimeError:
        if len(encoded) == 1:
            return [None]
        middle = len(encoded) // 2
        return _decode_or_halve(encoded[:middle]) + _decode_or_halve(encoded[middle:])
