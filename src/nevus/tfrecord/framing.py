"""The framing of TFRecord files: length, checksum of the length, data, checksum of the data, and so on.

Format: https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details. The checksums are CRC-32C
(RFC 3720, B.4), rotated right by 15 bits plus a constant, so that a checksum of data that holds checksums is no trap.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

import google_crc32c

MAX_SHARD_BYTES = 1 << 31  # unpacked; what unpacks to more is a gzip bomb or no shard to hold in memory
GZIP_MAGIC = b"\x1f\x8b\x08"

_MASK_DELTA = 0xA282EAD8
_LENGTH, _CHECKSUM = struct.Struct("<Q"), struct.Struct("<I")
_HEADER = _LENGTH.size + _CHECKSUM.size
_INPUT, _OUTPUT = 1 << 16, 1 << 20  # bytes that go into and come out of zlib at once

Content: TypeAlias = bytes | bytearray


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

    content: Content
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
    content = bytearray()
    damage = _inflate(file, content, max_bytes)
    if len(content) > max_bytes:
        del content[max_bytes:]
        damage = f"it unpacks to more than {max_bytes:,} bytes"
    return Unpacked(content, damage)


def _inflate(file: bytes, content: bytearray, max_bytes: int) -> str | None:
    """Append what a gzip file of one or several members unpacks to; say why it ends early, if it does.

    It stops soon after `max_bytes`. zlib is given little at once, since it copies what it leaves.
    """
    stream: Any = zlib.decompressobj(wbits=31)  # 31: with gzip's header and checksum
    for start in range(0, len(file), _INPUT):
        rest = file[start : start + _INPUT]
        while rest:
            if stream.eof:  # a member ended; another may follow, or zeros up to the end of a tape's block
                rest = rest.lstrip(b"\0")
                stream = zlib.decompressobj(wbits=31) if rest else stream
                continue
            before = stream.copy()
            try:
                content += stream.decompress(rest, _OUTPUT)
            except zlib.error as error:
                _salvage(before, rest, content)
                return f"its gzip stream is damaged ({error})"
            if len(content) > max_bytes:
                return None
            rest = stream.unused_data if stream.eof else stream.unconsumed_tail
    content += stream.flush()
    return None if stream.eof else "its gzip stream is damaged (the file ends before the stream)"


def _salvage(stream: Any, rest: bytes, content: bytearray) -> None:
    """Append what comes before the damage: a call that fails gives nothing, so byte by byte."""
    try:
        for position in range(len(rest)):
            content += stream.decompress(rest[position : position + 1])
    except zlib.error:
        return


def frames(content: Content) -> Iterator[Frame | Fault]:
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


def frame_at(content: Content, offset: int) -> Frame | Fault:
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
    data = bytes(memoryview(content)[start:stop])
    if _CHECKSUM.unpack_from(content, stop)[0] != masked_crc(data):
        return Fault(offset, "wrong checksum of the data", final=False)
    return Frame(offset, data)


def _length_at(content: Content, offset: int) -> int | None:
    """The length that stands there, or None where its checksum is wrong."""
    if len(content) - offset < _HEADER:
        return None
    length = bytes(content[offset : offset + _LENGTH.size])
    if _CHECKSUM.unpack_from(content, offset + _LENGTH.size)[0] != masked_crc(length):
        return None
    number: int = _LENGTH.unpack(length)[0]
    return number
