"""Layouts of sources, told by file names alone: which environment reads what another reader has to refuse."""

import re
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from nevus.file_names import is_litter
from nevus.quarantine import advice_on_files
from nevus.readers.folder_levels import folder_levels, split_depths
from nevus.readers.names import Names, perhaps_images, unread_formats
from nevus.readers.split_folders import split_of

# Folder names in use for the diagnoses of HAM10000 and ISIC 2019, and for their two groups.
DIAGNOSES = frozenset(
    ("akiec", "ak", "bcc", "bkl", "df", "mel", "nv", "scc", "vasc", "unk", "melanoma", "nevus", "benign", "malignant")
)
_TABLE = re.compile(r".*\.(csv|tsv|tab|parquet|xlsx?)", re.IGNORECASE)
_NO_IMAGE = re.compile(r".*\.(csv|tsv|tab|parquet|xlsx?|txt|md|json|pdf|zip|html?)", re.IGNORECASE)


class Layout(NamedTuple):
    """How the files of a source lie.

    Attributes:
        environment: Of the configuration that reads it.
        format: The reader, as in `ingestion.format`.
        looks: What is there, in a few words.
        fits: Whether files of these names (without what systems leave behind) lie so.
        own_table: Whether a table that only this format has says what the images are.
    """

    environment: str
    format: str
    looks: str
    fits: Callable[[Sequence[PurePosixPath]], bool]
    own_table: bool = False


def layout_of(names: Sequence[str]) -> Layout | None:
    """The first of `LAYOUTS` that fits the names of a source's files; None where none does."""
    paths = [PurePosixPath(name) for name in names if not is_litter(name)]
    return next((layout for layout in LAYOUTS if layout.fits(paths)), None)


def remedy(names: Names, format: str) -> str:
    """A sentence that names the environment for these files, or says what helps where most cannot be opened.

    Args:
        names: Of a source that the reader cannot use.
        format: That reader.

    Returns:
        The sentence; empty where there is nothing to say.
    """
    unread = [*(reason for _, reason in names.refused), *unread_formats(names.others)]
    if len(unread) > len(names.images) + len(names.companions):
        return advice_on_files(unread)
    found = layout_of([*names.images, *names.others])
    if found is None or found.format == format:
        lost = [] if names.images else perhaps_images(names.others)
        return advice_on_files(lost) if lost else ""
    return f"These look like {found.looks}: give `--env={found.environment}` (ingestion.format: {found.format})."


def _named(*patterns: str) -> Callable[[Sequence[PurePosixPath]], bool]:
    """Whether each pattern is the name of some file, in whatever folder."""
    compiled = [re.compile(pattern, re.IGNORECASE) for pattern in patterns]

    def fits(paths: Sequence[PurePosixPath]) -> bool:
        return all(any(pattern.fullmatch(path.name) for path in paths) for pattern in compiled)

    return fits


def _numbered(paths: Sequence[PurePosixPath]) -> bool:
    named = re.compile(r"[0-9]+_[01]")
    return any(path.parent.name.casefold() == "labeled" and named.fullmatch(path.stem) for path in paths)


def _classes_in_splits(paths: Sequence[PurePosixPath]) -> bool:
    images = _images(paths)
    depths = split_depths(map(str, images))
    return any(
        split_of(path.parts[depth]) == "labeled" and split_of(path.parts[depth + 1]) is None
        for path in images
        for depth in depths
        if len(path.parts) > depth + 2
    )


def _classes_alone(paths: Sequence[PurePosixPath]) -> bool:
    folders = _class_folders(paths)
    has_table = any(_TABLE.fullmatch(path.name) for path in paths)
    return len(folders) > 1 and (not has_table or not DIAGNOSES.isdisjoint(folders))


def _beside_table(paths: Sequence[PurePosixPath]) -> bool:
    return any(_TABLE.fullmatch(path.name) for path in paths) and bool(_images(paths))


def _class_folders(paths: Sequence[PurePosixPath]) -> set[str]:
    """Those inside the folders around all; none where any is a split."""
    levels = folder_levels(str(path) for path in _images(paths))
    folders = next((level for level in levels if len(level) > 1), set())
    return set() if any(map(split_of, folders)) else {folder.casefold() for folder in folders}


def _images(paths: Sequence[PurePosixPath]) -> list[PurePosixPath]:
    return [path for path in paths if not _NO_IMAGE.fullmatch(path.name)]


# What says most about itself comes first: tables and files of a known name, then folders.
LAYOUTS = (
    Layout("ham10000", "ham10000", "HAM10000 (its table HAM10000_metadata)", _named(r"HAM10000_metadata.*"), True),
    Layout("isic_2017", "isic_2017", "the ISIC 2017 challenge", _named(r"ISIC-2017_.*_GroundTruth.*\.csv"), True),
    Layout(
        *("siim_isic_2020", "siim_isic_2020", "the SIIM-ISIC 2020 competition"),
        _named(
            r"(copy of )?train(\W.*)?\.csv|ISIC_2020_Training_GroundTruth.*\.csv",
            r"ISIC_[0-9]{7}\.jpe?g|.*\.tfrec(ord)?",
        ),
        own_table=True,
    ),
    Layout(
        *("isic_archive", "isic_archive", "a collection of the ISIC archive"),
        _named(
            r"(.*[\W_])?metadata([\W_].*)?\.csv|ISIC_2019_Training_GroundTruth\.csv",
            r"ISIC_[0-9]{7}(_downsampled)?\.(jpe?g|png)",
        ),
        own_table=True,
    ),
    Layout("mnist", "mnist", "MNIST", _named(r".*-images[-.]idx3-ubyte(\.gz)?")),
    Layout("melanoma", "melanoma_detection", "MelanomaDetection (labeled/<number>_<0 or 1>.jpg)", _numbered),
    Layout("image_folder", "image_folder", "folders of splits with a folder a class", _classes_in_splits),
    Layout("diagnosis_folders", "diagnosis_folders", "class folders without splits", _classes_alone),
    Layout("table", "table", "images beside a table", _beside_table),
)
