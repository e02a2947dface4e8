"""Diagnosis folders: `<root>/<diagnosis>/**/<image>`, such as `akiec/gan_input/1.jpg`, for the synthesis of images.

One diagnosis is enough to synthesise; to classify, two are needed and the parameters `splits` make the splits. The
format has no lesion or patient ids.
"""

import logging
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

import pandas as pd

from nevus.contracts import QUARANTINE_COLUMNS, Listing, Source, SourceError, Table
from nevus.readers.image_folder import FOLDERS
from nevus.readers.names import listed, set_aside_companions, set_aside_others, sort_names
from nevus.readers.options import DiagnosisFoldersOptions

LAYOUT = "<diagnosis>/<image>, with folders of any depth between them, all perhaps inside one folder more"
# Folder names in use for the diagnoses of HAM10000 and ISIC 2019: they tell a diagnosis from a folder around them all.
KNOWN = frozenset(
    ("akiec", "ak", "bcc", "bkl", "df", "mel", "nv", "scc", "vasc", "unk", "melanoma", "nevus", "benign", "malignant")
)
COLUMNS = ("file", "image_id", "split", "label", "diagnosis", "group_id", "source")
PARAMETER = "ingestion.diagnosis_folders.diagnoses in conf/<env>/parameters.yml"

logger = logging.getLogger(__name__)


class _Image(NamedTuple):
    file: str
    folders: tuple[str, ...]
    stem: str


def read(source: Source | None, options: DiagnosisFoldersOptions, *, size: int) -> Listing:
    """List the images of one, some or all diagnoses.

    Folder names are compared without regard to case. What operating systems leave behind is passed over; every other
    file that is not an image below a diagnosis is quarantined.

    Args:
        source: The zip or the folder.
        options: Diagnoses to take. The others are left out on purpose; their number is logged.
        size: Not needed: the images are listed as they are.

    Returns:
        Records sorted by id, all "labeled", with `image_id` such as "akiec/gan_input/1" (the path from the diagnosis
        on, without the suffix), `label` (position of the diagnosis), `diagnosis`, `group_id` (null throughout) and
        `source`; the diagnoses are the classes.

    Raises:
        SourceError: There is no source or no image below a folder, a diagnosis asked for has no image or is named
            twice, one folder holds everything and nothing tells whether it is a diagnosis, or the folders seem to be
            splits or parts with the diagnoses inside.
    """
    if source is None:
        raise SourceError(f"The reader 'diagnosis_folders' needs files ({LAYOUT}), but the catalog names none.")
    names = sort_names(source.names())
    quarantine = names.refused + set_aside_companions(names.companions) + set_aside_others(names.others)
    images, hidden = _parse(names.images)
    level = _level(images, options)
    below = [image for image in images if len(image.folders) > level]
    quarantine += hidden
    quarantine += [(i.file, "no diagnosis folder: the image lies above") for i in images if len(i.folders) <= level]
    diagnoses = _diagnoses([image.folders[level] for image in below], options)
    records, repeated = _records(below, level, diagnoses)
    return Listing(
        records=records,
        quarantine=pd.DataFrame(quarantine + repeated, columns=list(QUARANTINE_COLUMNS), dtype=str),
        source=source,
        classes=diagnoses,
    )


def _parse(names: list[str]) -> tuple[list[_Image], list[tuple[str, str]]]:
    """The images, and quarantine rows for those in hidden folders, such as the copies in .ipynb_checkpoints."""
    images: list[_Image] = []
    hidden: list[tuple[str, str]] = []
    for name in names:
        path = PurePosixPath(name)
        found = next((folder for folder in path.parts[:-1] if folder.startswith(".")), None)
        if found is None:
            images.append(_Image(name, path.parts[:-1], path.stem))
        else:
            hidden.append((name, f"in a hidden folder: {found}"))
    return images, hidden


def _level(images: list[_Image], options: DiagnosisFoldersOptions) -> int:
    """How many folders lie above the diagnoses: 0 or 1."""
    outer, inner = ({image.folders[level] for image in images if len(image.folders) > level} for level in (0, 1))
    if not outer:
        raise SourceError(
            f"Diagnosis folders want {LAYOUT}. Found {len(images):,} images and none in a folder. Name the folder "
            "above by --params source=..., or choose another reader (ingestion.format in conf/<env>/parameters.yml)."
        )
    if options.diagnoses is None:
        _check_outer(outer, inner)
    if len(outer) > 1 or not inner:
        return 0
    sought = {name.casefold() for name in options.diagnoses} if options.diagnoses else KNOWN
    for level, folders in enumerate((outer, inner)):
        if sought & {folder.casefold() for folder in folders}:
            return level
    if len(inner) > 1 and options.diagnoses is None:
        raise SourceError(
            f"All images lie in {listed(outer)}, which holds {listed(sorted(inner))}, and nothing tells which of them "
            f"are diagnoses. Name the diagnoses: {PARAMETER} = {_flow(outer)} or {_flow(inner)}."
        )
    return 0


def _check_outer(outer: set[str], inner: set[str]) -> None:
    """Refuse several folders that seem to be splits or parts, with the diagnoses inside."""
    splits = {folder.casefold() for folder in outer} <= set(FOLDERS)
    parts = KNOWN.isdisjoint(map(str.casefold, outer)) and not KNOWN.isdisjoint(map(str.casefold, inner))
    if len(outer) > 1 and inner and (splits or parts):
        raise SourceError(
            f"Diagnosis folders want {LAYOUT}. Found the folders {listed(sorted(outer))}, which hold "
            f"{listed(sorted(inner))}, and nothing tells which are diagnoses. If the outer ones are, name them: "
            f"{PARAMETER} = {_flow(outer)}. If they are splits, such as train and test, choose ingestion.format: "
            "image_folder. Else put what lies in them together."
        )


def _diagnoses(folders: list[str], options: DiagnosisFoldersOptions) -> tuple[str, ...]:
    """Names of the classes in the order of their labels; says what is left out."""
    spelled = {folder.casefold(): folder for folder in sorted(set(folders), reverse=True)}
    found = tuple(spelled[key] for key in sorted(spelled))
    if options.diagnoses is None:
        return found
    wanted = [name.casefold() for name in options.diagnoses]
    if not wanted or len(set(wanted)) < len(wanted) or not set(wanted) <= set(spelled):
        raise SourceError(
            f"The diagnoses must be folders with images, each named once: {PARAMETER} names "
            f"{listed(options.diagnoses)}, but the source holds {listed(found)}. Change the one or the "
            "other, or set it to null to take all."
        )
    if left := Counter(spelled[key] for folder in folders if (key := folder.casefold()) not in wanted):
        counts = ", ".join(f"{name} {count:,}" for name, count in sorted(left.items()))
        logger.info("Left out, since %s does not name them: %s images (%s).", PARAMETER, f"{left.total():,}", counts)
    return options.diagnoses


def _records(images: list[_Image], level: int, diagnoses: tuple[str, ...]) -> tuple[Table, list[tuple[str, str]]]:
    """The records of these diagnoses, and quarantine rows for files of one id."""
    labels = {name.casefold(): label for label, name in enumerate(diagnoses)}
    found: dict[str, tuple[str, int]] = {}
    repeated: list[tuple[str, str]] = []
    for image in images:
        label = labels.get(image.folders[level].casefold())
        image_id = "/".join((*image.folders[level:], image.stem))
        if label is not None and image_id in found:
            repeated.append((image.file, f"same image id as another file: {found[image_id][0]}"))
        elif label is not None:
            found[image_id] = image.file, label
    rows = [
        (file, image_id, "labeled", label, diagnoses[label], None, "diagnosis_folders")
        for image_id, (file, label) in sorted(found.items())
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"label": "Int64"}), repeated


def _flow(names: Iterable[str]) -> str:
    """The names as a list in YAML."""
    return f"[{', '.join(sorted(names))}]"
