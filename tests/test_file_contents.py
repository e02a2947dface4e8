import gzip
import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from nevus.file_contents import recognise
from nevus.quarantine import (
    ALIAS,
    ANNEX_POINTER,
    ARCHIVE,
    DICOM,
    EMPTY,
    HEIC,
    KINDS,
    LFS_POINTER,
    WEB_PAGE,
    ZEROS,
    Kind,
)


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("1.jpg", b"one")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", EMPTY),
        (bytes(5000), ZEROS),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", LFS_POINTER),
        (b"../../.git/annex/objects/Xx/Yy/MD5E-s1--0.jpg/MD5E-s1--0.jpg", ANNEX_POINTER),
        (b"/annex/objects/MD5E-s1--0.jpg\n", ANNEX_POINTER),
        (b"<!DOCTYPE HTML><html><head><title>404</title>", WEB_PAGE),
        (b"\xef\xbb\xbf\r\n  <html lang='en'>", WEB_PAGE),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", WEB_PAGE),
        (b'{"detail": "Authentication credentials were not provided."}', WEB_PAGE),
        (b"book\0\0\0\0mark\0\0\0\0", ALIAS),
        (b"\x4c\0\0\0\x01\x14\x02\0", ALIAS),
        (b"[InternetShortcut]\r\nURL=https://example.org/1.jpg", ALIAS),
        (b"\0\0\0\x24ftypheic\0\0\0\0mif1heic", HEIC),
        (bytes(128) + b"DICM\2\0", DICOM),
        (zipped(), ARCHIVE),
        (gzip.compress(b"one"), ARCHIVE),
    ],
)
def test_what_stands_in_an_images_place_is_recognised(content: bytes, kind: Kind) -> None:
    assert recognise(content) is kind
    assert KINDS[kind.said] is kind
    assert kind.advice


@pytest.mark.parametrize(
    "format", ["JPEG", "PNG", "BMP", "TIFF", "WEBP", "GIF", "JPEG2000", "AVIF", "PPM", "TGA", "SGI"]
)
def test_no_image_is_taken_for_anything_else(format: str) -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(buffer, format)
    assert recognise(buffer.getvalue()) is None


@pytest.mark.parametrize("content", [b"image_id,label\nISIC_1,mel\n", "größe;alter\n".encode("utf-16"), b"just text"])
def test_tables_and_other_texts_are_none_of_these(content: bytes) -> None:
    assert recognise(content) is None
