"""Diagnosis folders: `<root>/<diagnosis>/**/<image>`, such as `akiec/gan_input/1.jpg`, for the synthesis of images.

One diagnosis is enough to synthesise; to classify, two are needed and the parameters `splits` make the splits. The
format has no lesion or patient ids.
"""

import logging
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

import pandas as pd

from nevus.contracts import QUARANTINE_COLUMNS, Listing, Source, SourceError, Table
from nevus.readers.folder_levels import around_all, folder_levels
from nevus.readers.layouts import DIAGNOSES, layout_of, remedy
from nevus.readers.names import Names, listed, set_aside_companions, set_aside_others, sort_names
from nevus.readers.options import DiagnosisFoldersOptions
from nevus.readers.same_id import settle, without_nested_copies
from nevus.readers.split_folders import split_of

LAYOUT = "<diagnosis>/<image>, with folders of any depth between them, all perhaps inside other folders"
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
    file that is not an image below a diagnosis is quarantined. Files that differ in nothing but the suffix have one
    id: of equal ones the first is taken.

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
            twice, folders lie around everything and nothing tells whether it is a diagnosis, the folders seem to be
            splits or parts with the diagnoses inside, or a table of another format lies beside folders that are no
            known diagnoses.
    """
    if source is None:
        raise SourceError(f"The reader 'diagnosis_folders' needs files ({LAYOUT}), but the catalog names none.")
    names = sort_names(source.names())
    names, copies = without_nested_copies(source, names)
    quarantine = names.refused + copies + set_aside_companions(names.companions) + set_aside_others(names.others)
    images, hidden = _parse(names.images)
    level = _level(images, options, names)
    below = [image for image in images if len(image.folders) > level]
    quarantine += hidden
    quarantine += [(i.file, "no diagnosis folder: the image lies above") for i in images if len(i.folders) <= level]
    diagnoses = _diagnoses([image.folders[level] for image in below], options)
    _check_tables(diagnoses, options, names)
    records, repeated = _records(source, below, level, diagnoses)
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
            folders = PurePosixPath(unicodedata.normalize("NFC", name)).parts[:-1]
            images.append(_Image(name, folders, path.stem))
        else:
            hidden.append((name, f"in a hidden folder: {found}"))
    return images, hidden


def _level(images: list[_Image], options: DiagnosisFoldersOptions, names: Names) -> int:
    """How many folders lie above the diagnoses: none, or some of those around everything."""
    levels = folder_levels(image.file for image in images)
    if not levels:
        helps = remedy(names, "diagnosis_folders")
        raise SourceError(
            f"Diagnosis folders want {LAYOUT}. Found {len(images):,} images and none in a folder. "
            f"{helps or 'Name the folder above by --params source=..., or choose another reader by --env.'}"
        )
    around = around_all(levels)
    first, below = [*levels[around:], set(), set()][:2]
    sought = {name.casefold() for name in options.diagnoses} if options.diagnoses else DIAGNOSES
    known = [len(sought & {folder.casefold() for folder in folders}) for folders in levels[: around + 1]]
    if options.diagnoses is None and not any(known[:around]):
        _check_outer(first, below)
    if any(known):
        return known.index(max(known))  # of melanoma/benign and melanoma/malignant, the outer folder is none
    if around and first and options.diagnoses is None:
        raise SourceError(
            f"All images lie in {listed(map(''.join, levels[:around]))}, which holds {listed(sorted(first))}, and "
            f"nothing tells which of them are diagnoses. Name the diagnoses: {PARAMETER} = "
            f"{' or '.join(map(_flow, levels[: around + 1]))}."
        )
    return around if first and options.diagnoses is not None else 0


def _check_outer(outer: set[str], inner: set[str]) -> None:
    """Refuse several folders that seem to be splits or parts, with the diagnoses inside."""
    splits = all(map(split_of, outer))
    parts = DIAGNOSES.isdisjoint(map(str.casefold, outer)) and not DIAGNOSES.isdisjoint(map(str.casefold, inner))
    if len(outer) > 1 and inner and (splits or parts):
        advice = (
            f", and nothing tells which are diagnoses. If the outer ones are, name them: {PARAMETER} = {_flow(outer)}. "
            "If they are splits, give `--env=image_folder` (ingestion.format: image_folder). "
            "Else put what lies in them together."
        )
        if splits:
            advice = ", and the outer ones are named as splits are: give `--env=image_folder`."
        raise SourceError(
            f"Diagnosis folders want {LAYOUT}. Found the folders {listed(sorted(outer))}, which hold "
            f"{listed(sorted(inner))}{advice}"
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
        asked = PARAMETER.partition(" ")[0]  # wherever it is set
        logger.info("Left out, since %s does not name them: %s images (%s).", asked, f"{left.total():,}", counts)
    return options.diagnoses


def _check_tables(diagnoses: tuple[str, ...], options: DiagnosisFoldersOptions, names: Names) -> None:
    """Refuse folders of any name, such as parts of a download, beside a table whose reader would know better."""
    found = layout_of([*names.images, *names.others])
    taken_for_granted = options.diagnoses is None and DIAGNOSES.isdisjoint(map(str.casefold, diagnoses))
    if taken_for_granted and found is not None and found.own_table:
        raise SourceError(
            f"Diagnosis folders want {LAYOUT}. Found {found.looks}, and the folders {listed(diagnoses)}, which are no "
            f"diagnoses by their names. Give `--env={found.environment}` to read the table, or name the folders: "
            f"{PARAMETER} = {_flow(diagnoses)}."
        )


def _records(
    source: Source, images: list[_Image], level: int, diagnoses: tuple[str, ...]
) -> tuple[Table, list[tuple[str, str]]]:
    """The records of these diagnoses, and quarantine rows for files of one id."""
    labels = {name.casefold(): label for label, name in enumerate(diagnoses)}
    named: dict[str, list[str]] = {}
    wanted: dict[str, int] = {}
    for image in images:
        label = labels.get(image.folders[level].casefold())
        if label is not None:
            named.setdefault("/".join((*image.folders[level:], image.stem)), []).append(image.file)
            wanted[image.file] = label
    settled = settle(source, named)
    rows = [
        (file, image_id, "labeled", wanted[file], diagnoses[wanted[file]], None, "diagnosis_folders")
        for image_id, file in sorted(settled.files.items())
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"label": "Int64"}), settled.quarantine


def _flow(names: Iterable[str]) -> str:
    """The names as a list in YAML."""
    return f"[{', '.join(sorted(names))}]"
