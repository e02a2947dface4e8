"""The framing of TFRecord files: length, checksum of the length, data, checksum of the data, and so on.

Format: https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details. The checksums are CRC-32C
(RFC 3720, B.4), rotated right by 15 bits plus a constant, so that a checksum of data that holds checksums is no trap.
"""

import gzip
import io
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

import google_crc32c

MAX_SHARD_BYTES = 1 << 31  # unpacked; what unpacks to more is a gzip bomb or no shard to hold in memory
GZIP_MAGIC = b"\x1f\x8b\x08"

_MASK_DELTA = 0xA282EAD8
_LENGTH, _CHECKSUM = struct.Struct("<Q"), struct.Struct("<I")
_HEADER = _LENGTH.size + _CHECKSUM.size
_PIECE = 1 << 20


class Frame(NamedTuple):
    """One record.

    Attributes:
        offset: Where its length stands in the unpacked file, in bytes.
        data: What the record holds; its checksum was right.
    """

    offset: int
    data: bytes


class Fault(NamedTuple):
    """A record that cannot be trusted.

    Attributes:
        offset: Where its length stands in the unpacked file, in bytes.
        reason: Why.
        final: Whether nothing after it can be found.
    """

    offset: int
    reason: str
    final: bool


class Unpacked(NamedTuple):
    """A file without its compression.

    Attributes:
        content: Frames, one after the other.
        damage: Why the content ends early, or None.
    """

    content: bytes
    damage: str | None


def masked_crc(data: bytes) -> int:
    """The checksum that TFRecord files hold, 32 bits.

    Args:
        data: What it is of.
    """
    crc: int = google_crc32c.value(data)
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & 0xFFFFFFFF


def frame(data: bytes) -> bytes:
    """One record with its length and checksums, as it stands in a file.

    Args:
        data: What the record holds.
    """
    length = _LENGTH.pack(len(data))
    return b"".join([length, _CHECKSUM.pack(masked_crc(length)), data, _CHECKSUM.pack(masked_crc(data))])


def unpack(file: bytes, *, max_bytes: int = MAX_SHARD_BYTES) -> Unpacked:
    """Decompress a file if it is gzipped, whatever its name; of a damaged one, what comes before the damage.

    Args:
        file: The bytes of the file.
        max_bytes: Nothing beyond is decompressed.
    """
    # A plain file begins with a length, which can look like gzip's first bytes: a record of 559,903 bytes does.
    if not file.startswith(GZIP_MAGIC) or _length_at(file, 0) is not None:
        return Unpacked(file, None)
    pieces: list[bytes] = []
    size = 0
    with gzip.GzipFile(fileobj=io.BytesIO(file)) as stream:
        try:
            while piece := stream.read(_PIECE):
                size += len(piece)
                if size > max_bytes:
                    return Unpacked(b"".join(pieces), f"it unpacks to more than {max_bytes:,} bytes")
                pieces.append(piece)
        except (EOFError, OSError, zlib.error) as error:
            return Unpacked(b"".join(pieces), f"its gzip stream is damaged ({error})")
    return Unpacked(b"".join(pieces), None)


def frames(content: bytes) -> Iterator[Frame | Fault]:
    """Every record of an unpacked file.

    A record whose data does not match its checksum is a fault and the next one follows. Where a length does not match
    its checksum, or the file ends inside a record, nothing after can be found: a final fault, and the end.

    Args:
        content: Of `unpack`.
    """
    offset = 0
    while offset < len(content):
        found = frame_at(content, offset)
        yield found
        if isinstance(found, Fault) and found.final:
            return
        (length,) = _LENGTH.unpack_from(content, offset)
        offset += _HEADER + length + _CHECKSUM.size


def frame_at(content: bytes, offset: int) -> Frame | Fault:
    """The record whose length stands at this offset.

    Args:
        content: Of `unpack`.
        offset: In bytes.
    """
    if len(content) - offset < _HEADER:
        return Fault(offset, "file ends inside a record", final=True)
    length = _length_at(content, offset)
    if length is None:
        return Fault(offset, "wrong checksum of a length", final=True)
    start, stop = offset + _HEADER, offset + _HEADER + length
    if stop + _CHECKSUM.size > len(content):  # compared before anything is allocated: the length may be anything
        return Fault(offset, "file ends inside a record", final=True)
    data = content[start:stop]
    if _CHECKSUM.unpack_from(content, stop)[0] != masked_crc(data):
        return Fault(offset, "wrong checksum of the data", final=False)
    return Frame(offset, data)


def _length_at(content: bytes, offset: int) -> int | None:
    """The length that stands there, or None where its checksum is wrong."""
    if len(content) - offset < _HEADER:
        return None
    length = content[offset : offset + _LENGTH.size]
    if _CHECKSUM.unpack_from(content, offset + _LENGTH.size)[0] != masked_crc(length):
        return None
    number: int = _LENGTH.unpack(length)[0]
    return number
