"""What the first bytes of a file say that is not what its name promises."""

import re

from nevus.quarantine import (
    ALIAS,
    ANNEX_POINTER,
    ARCHIVE,
    DICOM,
    EMPTY,
    HEIC,
    LFS_POINTER,
    WEB_PAGE,
    ZEROS,
    Kind,
)

FIRST = 1024  # bytes that suffice
_MARKS = (
    (LFS_POINTER, rb"version https://git-lfs\.github\.com/spec/"),
    (ANNEX_POINTER, rb"(\.\./)*(\.git)?/annex/objects/"),
    (WEB_PAGE, rb"(\xef\xbb\xbf)?\s*(<!doctype html|<html|<head|<\?xml|<error|<!--|\{\s*\")"),
    (ALIAS, rb"book\0\0\0\0mark|\x4c\0\0\0\x01\x14\x02\0|\[InternetShortcut\]|\0\x05\x16[\0\x07]|XSym\n"),
    (HEIC, rb"....ftyp(hei|hev|mif1|msf1)"),
    (DICOM, rb".{128}DICM"),
    (ARCHIVE, rb"PK\x03\x04|\x1f\x8b|7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|BZh[1-9]|\xfd7zXZ\0|\x28\xb5\x2f\xfd|.{257}ustar"),
    (ZEROS, rb"\0+\Z"),
)
_COMPILED = [(kind, re.compile(mark, re.IGNORECASE | re.DOTALL)) for kind, mark in _MARKS]


def recognise(content: bytes) -> Kind | None:
    """What a file is that stands in an image's or a table's place; None for anything else, an image or not.

    Args:
        content: The first `FIRST` bytes, or the whole file.
    """
    if not content:
        return EMPTY
    return next((kind for kind, mark in _COMPILED if mark.match(content[:FIRST])), None)
