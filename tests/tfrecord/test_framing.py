import gzip
import random
import struct
from pathlib import Path

import google_crc32c
import pytest

from nevus.tfrecord.framing import MAX_SHARD_BYTES, Fault, Frame, frame, frames, masked_crc, unpack

RECORDS = [b"first", b"", b"third record"]
CONTENT = b"".join(map(frame, RECORDS))
SECOND = len(frame(b"first"))
THIRD = SECOND + len(frame(b""))


def flipped(content: bytes, position: int) -> bytes:
    changed = bytearray(content)
    changed[position] ^= 1
    return bytes(changed)


def test_checksum_is_crc_32c() -> None:
    """The check value of CRC-32C, and 32 zero bytes of RFC 3720, B.4."""
    assert google_crc32c.value(b"123456789") == 0xE3069283
    assert google_crc32c.value(bytes(32)) == 0x8A9136AA


def test_checksum_is_masked_as_the_format_says() -> None:
    assert masked_crc(b"123456789") == ((0xE3069283 >> 15 | 0xE3069283 << 17) + 0xA282EAD8) % 2**32


def test_real_shard_survives_reading_and_writing_byte_by_byte(sample_data: Path) -> None:
    for path in sorted(sample_data.glob("**/*.tfrec*")):
        content = path.read_bytes()
        assert b"".join(frame(found.data) for found in frames(content) if isinstance(found, Frame)) == content


def test_frames_give_back_what_was_framed() -> None:
    found = list(frames(CONTENT))
    assert found == [Frame(0, b"first"), Frame(SECOND, b""), Frame(THIRD, b"third record")]


def test_wrong_checksum_of_data_loses_one_record() -> None:
    found = list(frames(flipped(CONTENT, 12)))
    assert found[0] == Fault(0, "wrong checksum of the data", final=False)
    assert found[1:] == [Frame(SECOND, b""), Frame(THIRD, b"third record")]


@pytest.mark.parametrize("position", [0, 7, 8, 11], ids=["length", "end of length", "checksum", "end of checksum"])
def test_wrong_checksum_of_a_length_loses_the_rest(position: int) -> None:
    found = list(frames(flipped(CONTENT, SECOND + position)))
    assert found == [Frame(0, b"first"), Fault(SECOND, "wrong checksum of a length", final=True)]


def test_every_flipped_bit_is_noticed() -> None:
    for position in range(len(CONTENT)):
        assert any(isinstance(found, Fault) for found in frames(flipped(CONTENT, position))), position


def test_every_truncation_inside_a_record_is_noticed() -> None:
    whole = {0, SECOND, THIRD, len(CONTENT)}
    for length in range(len(CONTENT)):
        found = list(frames(CONTENT[:length]))
        assert any(isinstance(one, Fault) and one.final for one in found) == (length not in whole), length


def test_length_beyond_the_file_allocates_nothing() -> None:
    length = struct.pack("<Q", 2**63)
    content = length + struct.pack("<I", masked_crc(length)) + b"x"
    assert list(frames(content)) == [Fault(0, "file ends inside a record", final=True)]


def test_gzip_is_known_by_its_content() -> None:
    assert unpack(gzip.compress(CONTENT)) == (CONTENT, None)
    assert unpack(gzip.compress(CONTENT[:20]) + gzip.compress(CONTENT[20:])) == (CONTENT, None)
    assert unpack(CONTENT) == (CONTENT, None)


def test_plain_record_whose_length_looks_like_gzip_is_not_decompressed() -> None:
    content = frame(bytes(0x088B1F))
    assert content.startswith(b"\x1f\x8b\x08")
    assert unpack(content) == (content, None)


def small_shard(count: int = 40) -> bytes:
    """Records of 20 kB that hardly shrink, as JPEGs do."""
    rng = random.Random(0)
    return b"".join(frame(rng.randbytes(20_000)) for _ in range(count))


def whole_records(file: bytes) -> int:
    unpacked = unpack(file)
    assert unpacked.damage is not None
    assert "gzip stream is damaged" in unpacked.damage
    return sum(isinstance(found, Frame) for found in frames(unpacked.content))


@pytest.mark.parametrize("cut", [1, 4, 8])
def test_gzip_without_its_end_gives_every_record(cut: int) -> None:
    assert whole_records(gzip.compress(small_shard())[:-cut]) == 40


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_truncated_gzip_gives_every_record_before_the_cut(share: float) -> None:
    zipped = gzip.compress(small_shard())
    assert whole_records(zipped[: int(share * len(zipped))]) in (40 * share - 1, 40 * share)


def test_gzip_with_a_wrong_checksum_gives_every_record() -> None:
    assert whole_records(flipped(gzip.compress(small_shard()), -5)) == 40
    assert whole_records(flipped(gzip.compress(CONTENT), -5)) == 3


def test_gzip_with_damage_inside_gives_what_comes_before() -> None:
    zipped = bytearray(gzip.compress(small_shard(), 0))
    zipped[500_000:500_100] = bytes(100)  # in record 24, counted from 0
    assert whole_records(bytes(zipped[:600_000])) >= 24


def test_members_of_a_gzip_file_are_one_content_wherever_they_end() -> None:
    content = small_shard(8)
    for parted in (1, 20_016, 65_536 - 23, 100_000):
        zipped = gzip.compress(content[:parted], 0) + gzip.compress(content[parted:], 0)
        assert unpack(zipped) == (content, None)
        assert whole_records(zipped[:-1]) == 8


def test_damaged_second_member_leaves_the_first() -> None:
    zipped = gzip.compress(small_shard(4)) + gzip.compress(small_shard(4))[:10]
    assert whole_records(zipped) == 4


def test_zeros_behind_a_gzip_stream_are_padding_and_other_bytes_are_damage() -> None:
    zipped = gzip.compress(CONTENT)
    assert unpack(zipped + bytes(100_000)) == (CONTENT, None)
    assert whole_records(zipped + b"trailing") == 3


def test_gzip_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(bytes(10_000_000))
    for file in (bomb, flipped(bomb, -5), bomb + bomb, gzip.compress(bytes(4_000_000)) + bomb):
        unpacked = unpack(file, max_bytes=5_000_000)
        assert len(unpacked.content) == 5_000_000
        assert unpacked.damage is not None
        assert "5,000,000" in unpacked.damage
    assert unpack(gzip.compress(bytes(5_000_000)), max_bytes=5_000_000).damage is None
    assert MAX_SHARD_BYTES >= 2**30  # a shard of real images passes
