"""File names, sorted by what readers can do with them."""

import logging
import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from posixpath import splitext
from typing import NamedTuple

from nevus import quarantine
from nevus.file_names import is_litter, readable, refusal
from nevus.readers.companions import companions

# Of the formats that nevus.corpus.decode takes.
SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".bmp", ".dib", ".tif", ".tiff", ".webp", ".gif"),
    *(".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx", ".avif", ".avifs", ".ppm", ".pgm", ".pbm", ".pnm"),
    *(".psd", ".sgi", ".rgb", ".rgba", ".bw", ".qoi", ".pcx", ".tga", ".icb", ".vda", ".vst"),
)
# Of images that are not read, and what to do about them.
UNREAD = {
    **dict.fromkeys((".heic", ".heif", ".hif"), quarantine.HEIC),
    **dict.fromkeys((".dcm", ".dicom"), quarantine.DICOM),
    **dict.fromkeys((".cr2", ".cr3", ".nef", ".arw", ".dng", ".orf", ".raf", ".rw2", ".pef", ".srw"), quarantine.RAW),
}
# Of what lies beside the images of many data sets.
BESIDE = (
    *(".txt", ".md", ".rst", ".pdf", ".doc", ".docx", ".rtf", ".odt", ".tex", ".bib", ".html", ".htm", ".log"),
    *(".csv", ".tsv", ".tab", ".xls", ".xlsx", ".ods", ".parquet", ".json", ".jsonl", ".xml", ".yml", ".yaml", ".toml"),
    *(".py", ".ipynb", ".m", ".r", ".sh", ".bat", ".ini", ".cfg", ".url", ".sha256", ".md5"),
)
BESIDE_NAMES = (
    *("readme", "license", "licence", "notice", "citation", "changelog"),
    *(".gitignore", ".gitattributes", ".gitkeep"),
)
ARCHIVES = (".zip", ".gz", ".tgz", ".bz2", ".xz", ".tar", ".7z", ".rar")

PACKED = "archive inside the source: unpack it there"

logger = logging.getLogger(__name__)


class Names(NamedTuple):
    """File names, sorted by what can be done with them.

    Attributes:
        images: Names of image files, in their order.
        others: Names of other files: tables, archives, notes.
        refused: (readable name, reason) for each that must not be opened.
        companions: Names of image files that are masks and the like, by `nevus.readers.companions`.
    """

    images: list[str]
    others: list[str]
    refused: list[tuple[str, str]]
    companions: list[str]


def sort_names(names: Iterable[str]) -> Names:
    """Sort file names into images, their companions, other files and those that must not be opened.

    What operating systems leave behind (`__MACOSX/`, `._*`, `.DS_Store`, `Thumbs.db`, `desktop.ini`) is passed
    over.
    """
    sorted_names = Names([], [], [], [])
    for name in names:
        if is_litter(name):
            continue
        reason = refusal(name)
        if reason is not None:
            sorted_names.refused.append((readable(name), reason))
        elif splitext(name)[1].lower() in SUFFIXES:
            sorted_names.images.append(name)
        else:
            sorted_names.others.append(name)
    beside = companions(sorted_names.images)
    return sorted_names._replace(
        images=[name for name in sorted_names.images if name not in beside],
        companions=[name for name in sorted_names.images if name in beside],
    )


def set_aside_companions(names: Iterable[str]) -> list[tuple[str, str]]:
    """(name, reason) of each companion of images; the log counts them."""
    aside = [(name, quarantine.COMPANION.of("a mask, superpixels or the like")) for name in names]
    if aside:
        logger.info(
            "Set aside %s companions of the images (masks, superpixels and the like, by their names), such as '%s'.",
            f"{len(aside):,}",
            aside[0][0],
        )
    return aside


def set_aside_others(names: Iterable[str], suffixes: tuple[str, ...] = SUFFIXES) -> list[tuple[str, str]]:
    """Why files that are no images by their suffix are set aside; the log warns of archives.

    Args:
        names: Of such files.
        suffixes: Those of the images wanted.

    Returns:
        (name, reason) of each, in order. An archive inside the source may hold many images; none of them is read.
    """
    aside = [(name, _why_aside(name, suffixes)) for name in names]
    if archives := [name for name, reason in aside if reason == PACKED]:
        logger.warning("Images in archives inside the source are not read: unpack %s there.", listed(archives))
    return aside


def _why_aside(name: str, wanted: tuple[str, ...]) -> str:
    own, suffix = PurePosixPath(name).name.lower(), splitext(name)[1].lower()
    if suffix in BESIDE or own in BESIDE_NAMES:
        return quarantine.BESIDE.of(suffix or own)
    if suffix in ARCHIVES:
        return PACKED
    said = f"wanted one of {', '.join(wanted)}"
    if suffix in SUFFIXES:
        return quarantine.OTHER_FORMAT.of(said)
    return UNREAD[suffix].of(said) if suffix in UNREAD else f"not an image by its suffix: {said}"


def unread_formats(names: Iterable[str]) -> list[str]:
    """For each image among these files whose format is not read, why it is set aside."""
    return [_why_aside(name, SUFFIXES) for name in names if splitext(name)[1].lower() in UNREAD]


def perhaps_images(names: Iterable[str]) -> list[str]:
    """For each archive and each file of unknown suffix, or without one, why it is set aside."""
    return [reason for reason in (_why_aside(name, SUFFIXES) for name in names) if quarantine.is_loss(reason)]


def close_names(names: Iterable[str], wanted: str) -> list[str]:
    """Files whose names are nearly the wanted one: a second download, a copy, another suffix or other separators."""
    return [name for name in names if not is_litter(name) and _essence(name) == _essence(wanted)]


def _essence(name: str) -> str:
    stem = PurePosixPath(name).name.casefold().partition(".")[0]
    return re.sub(r"[^a-z0-9]", "", re.sub(r"\([0-9]+\)|\bcopy( of)?\b|_copy\b", "", stem))


def listed(names: Iterable[str], shown: int = 8) -> str:
    """Names for a message: quoted, and the first ones only where they are many."""
    every = list(names)
    more = f" and {len(every) - shown} more" if len(every) > shown else ""
    return (", ".join(f"'{name}'" for name in every[:shown]) or "none") + more
