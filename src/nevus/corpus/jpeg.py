"""Headers of plain JPEGs."""

from collections.abc import Sequence
from typing import NamedTuple

_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_FILL = frozenset({0x00, 0xFF})  # no markers: the parser would read what libjpeg skips, and skip what it reads
_APP1 = 0xE1  # EXIF or XMP
_BASELINE = frozenset({0xC0, 0xC1})
_OTHER_FRAMES = frozenset(range(0xC2, 0xD0)) - {0xC4, 0xC8, 0xCC}  # progressive, lossless, arithmetic; not the tables


class JpegSize(NamedTuple):
    """Pixels as stored."""

    width: int
    height: int


def plain_size(data: bytes) -> JpegSize | None:
    """Read the header of a plain JPEG: baseline, 8 bits, three components, no EXIF or XMP (they may ask to turn it).

    Markers as in ITU-T T.81, annex B.

    Args:
        data: The encoded file.

    Returns:
        Its size, or None if the file is anything else, broken or not.
    """
    return _parse(data)[0]


def plain_sizes(files: Sequence[bytes]) -> list[JpegSize | None]:
    """`plain_size` of many files, quicker where they begin alike, as those that one program wrote do."""
    found: list[JpegSize | None] = []
    size, header = None, b"\0"
    for data in files:
        if not data.startswith(header):
            size, end = _parse(data)
            header = data[:end] if size else b"\0"  # which begins no JPEG
        found.append(size if size and data.startswith(header) else None)
    return found


def _parse(data: bytes) -> tuple[JpegSize | None, int]:
    """The size, and how many bytes say so."""
    if data[:2] != b"\xff\xd8":
        return None, 0
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _BASELINE:
            return _frame_size(data[at + 4 : at + 2 + length]), at + 2 + length
        if marker == _APP1 or length < 2 or marker in _OTHER_FRAMES | _STANDALONE | _FILL:
            break
        at += 2 + length
    return None, 0


def _frame_size(frame: bytes) -> JpegSize | None:
    if len(frame) < 6 or frame[0] != 8 or frame[5] != 3:
        return None
    size = JpegSize(width=int.from_bytes(frame[3:5], "big"), height=int.from_bytes(frame[1:3], "big"))
    return size if size.width and size.height else None
