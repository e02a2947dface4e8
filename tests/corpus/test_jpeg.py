import numpy as np
import pytest

from nevus.corpus.decode import decode
from nevus.corpus.jpeg import plain_size, plain_sizes
from tests.fakes import encode, fake_jpeg, fake_pixels


def test_plain_jpegs_tell_their_size() -> None:
    assert plain_size(fake_jpeg(0, 4, 6)) == (6, 4)


@pytest.mark.parametrize(
    "options", [{"progressive": True}, {"exif": b"Exif\x00\x00MM"}, {"xmp": b"<x:xmpmeta/>"}, {"format": "PNG"}]
)
def test_only_plain_jpegs_take_the_fast_path(options: dict) -> None:
    assert plain_size(encode(fake_pixels(0), **options)) is None


def test_grey_jpeg_is_not_plain() -> None:
    assert plain_size(encode(np.zeros((8, 8), np.uint8))) is None


def test_header_that_says_nothing_is_not_plain() -> None:
    data = fake_jpeg(0)
    frame = data.index(b"\xff\xc0")
    for broken in (data[: frame + 6], data[:frame] + b"\x00" + data[frame:], data[:2], b"\xff\xd8\xff\xd9\x00\x00"):
        assert plain_size(broken) is None


def test_sizes_of_many_files_are_those_of_each() -> None:
    files = [fake_jpeg(0), fake_jpeg(1), fake_jpeg(2, 10, 20), b"", fake_jpeg(3)[:20], b"text", fake_jpeg(4, 8, 8)]
    files += [encode(fake_pixels(5), progressive=True), fake_jpeg(6), fake_jpeg(7, 20, 10), b"\0", b"\0\0"]
    assert plain_sizes(files) == [plain_size(data) for data in files]
    assert plain_sizes([]) == []


def test_a_header_with_fill_bytes_is_left_to_libjpeg() -> None:
    """Fill bytes before a marker: a parser that takes them for a segment can be led past the true frame."""
    data = fake_jpeg(0, 64, 96)
    frame = bytearray(data[data.index(b"\xff\xc0") :][:19])
    frame[5:9] = (40).to_bytes(2, "big") * 2
    body = bytearray(0xFFF0 - 2)
    body[0xEEFF + 4 - 7 : 0xEEFF + 4 - 7 + len(frame)] = frame  # where a segment FF FF of length EEFF would end
    crafted = b"\xff\xd8\xff\xff\xee\xff\xf0" + bytes(body) + data[2:]
    assert plain_size(crafted) is None
    decoded = decode([crafted, fake_jpeg(1, 40, 40)], 40, max_pixels=10_000, resize="squash")
    assert decoded.errors == {}
    assert decoded.widths.tolist() == [96, 40]
