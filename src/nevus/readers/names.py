"""What a file's name says before anybody opens it; shared by all readers."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

# Of the formats that nevus.corpus.decode takes.
SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".bmp", ".dib", ".tif", ".tiff", ".webp", ".gif"),
    *(".jp2", ".j2k", ".avif", ".ppm", ".pgm", ".pbm", ".pnm", ".psd", ".sgi", ".qoi", ".pcx", ".tga"),
)
LITTER = (".ds_store", "thumbs.db", "desktop.ini")


class Names(NamedTuple):
    """File names, sorted by what can be done with them.

    Attributes:
        images: Names of image files, in their order.
        others: Names of other files: tables, archives, notes.
        refused: (readable name, reason) for each that must not be opened.
    """

    images: list[str]
    others: list[str]
    refused: list[tuple[str, str]]


def sort_names(names: Iterable[str]) -> Names:
    """Sort file names into images, other files and those that must not be opened.

    What operating systems leave behind (`__MACOSX/`, `.DS_Store`, `Thumbs.db`, `desktop.ini`) is passed over.
    """
    sorted_names = Names([], [], [])
    for name in names:
        if is_litter(name):
            continue
        reason = refusal(name)
        if reason is not None:
            sorted_names.refused.append((readable(name), reason))
        elif PurePosixPath(name).suffix.lower() in SUFFIXES:
            sorted_names.images.append(name)
        else:
            sorted_names.others.append(name)
    return sorted_names


def is_litter(name: str) -> bool:
    """Whether an operating system left this file behind."""
    path = PurePosixPath(name)
    return "__MACOSX" in path.parts or path.name.lower() in LITTER


def readable(name: str) -> str:
    """The name with bytes that are no text as escapes: tables and CSV files take nothing else."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def refusal(name: str) -> str | None:
    """The reason why a file of this name must not be opened, or None."""
    path = PurePosixPath(name)
    if name != readable(name):
        return "name is not valid UTF-8"
    if path.is_absolute() or ".." in path.parts or "\\" in name or re.match(r"[A-Za-z]:", name):
        return "name leads out of the archive"
    return None


def listed(names: Iterable[str], shown: int = 8) -> str:
    """Names for a message: quoted, and the first ones only where they are many."""
    every = list(names)
    more = f" and {len(every) - shown} more" if len(every) > shown else ""
    return (", ".join(f"'{name}'" for name in every[:shown]) or "none") + more
