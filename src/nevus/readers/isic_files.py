"""What the data sets drawn from the ISIC archive share: images named by an id, and tables that speak of these ids."""

import logging
import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

import pandas as pd

from nevus.contracts import QUARANTINE_COLUMNS, Source, Table
from nevus.file_names import is_litter, readable, refusal
from nevus.readers.names import set_aside_others
from nevus.readers.same_id import DIFFERENT, settle
from nevus.readers.tables import matches, set_aside

IMAGE_ID = re.compile(r"ISIC_[0-9]{7}")
WANTED_ID = "ISIC_<7 digits>"
SUFFIXES = (".jpg", ".jpeg", ".png")

logger = logging.getLogger(__name__)


class Files(NamedTuple):
    """The files of a source.

    Attributes:
        images: Image id to file name.
        torn: Ids of several files that differ, none of which is among the images.
        quarantine: (readable name, reason) for each file set aside.
    """

    images: dict[str, str]
    torn: frozenset[str]
    quarantine: list[tuple[str, str]]


def sort_files(source: Source, names: Iterable[str], *, tables: Collection[str], companions: re.Pattern[str]) -> Files:
    """Find the image of each id, in whatever folder. Files that share an id are read and compared.

    Args:
        source: Where they lie.
        names: All files of the source.
        tables: Those that were read already.
        companions: Found in the names of files that belong to the data set and are of no use here, such as masks.
            They are passed over; a line in the log counts them.

    Returns:
        The images, and the files that are none: each but the first of equal ones of one id, all of different ones,
        other names, other suffixes.
    """
    named: dict[str, list[str]] = {}
    others: list[str] = []
    quarantine: list[tuple[str, str]] = []
    passed = 0
    for name in names:
        if is_litter(name) or name in tables:
            continue
        if refusal(name) is None and companions.search(name):
            passed += 1
        elif (reason := refusal(name)) is not None:
            quarantine.append((readable(name), reason))
        elif PurePosixPath(name).suffix.lower() not in SUFFIXES:
            others.append(name)
        elif IMAGE_ID.fullmatch(stem := PurePosixPath(name).stem) is None:
            quarantine.append((name, f"wrong name: wanted {WANTED_ID} and a suffix"))
        else:
            named.setdefault(stem, []).append(name)
    if passed:
        logger.info("Passed over %s files that belong to the data set but are not its images.", f"{passed:,}")
    settled = settle(source, named)
    return Files(settled.files, settled.torn, quarantine + set_aside_others(others, SUFFIXES) + settled.quarantine)


def part_ids(table: Table, columns: Sequence[str]) -> tuple[Table, Table]:
    """Set aside rows whose `image_id` is of no use.

    Args:
        table: Rows with `image_id`.
        columns: What must agree between rows of one id.

    Returns:
        Rows with a well-formed id each of its own; quarantine rows: ids of a wrong form, all rows of an id that
        contradict each other, and repeats of an earlier row.
    """
    wrong = ~matches(table["image_id"], IMAGE_ID)
    table, malformed = set_aside(table, wrong, f"wrong image id: wanted {WANTED_ID}", id_column="image_id")
    distinct = table.drop_duplicates(["image_id", *columns])
    torn = table["image_id"].isin(distinct.loc[distinct["image_id"].duplicated(), "image_id"])
    reason = f"contradicting rows of one image id: they differ in {' or '.join(columns)}"
    table, contradicting = set_aside(table, torn, reason, id_column="image_id")
    again = table["image_id"].duplicated()
    table, repeated = set_aside(table, again, "repeated row: the same as an earlier one", id_column="image_id")
    return table, pd.concat([malformed, contradicting, repeated], ignore_index=True)


def part_values(table: Table, column: str, known: Collection[str]) -> tuple[Table, Table]:
    """Set aside rows whose value in this column is none of the known ones."""
    reasons = table[column].map(lambda value: f"unknown {column}: '{value}', wanted one of {', '.join(known)}")
    return set_aside(table, ~table[column].isin(known), reasons, id_column="image_id")


def match_files(table: Table, files: Files) -> tuple[Table, Table]:
    """Give each row the file of its id.

    Returns:
        Rows with `file`; quarantine rows for those without one, or with several that differ.
    """
    found = table["image_id"].map(files.images)
    reasons = pd.Series(f"row without a file: wanted its id with {', '.join(SUFFIXES)}", index=table.index)
    reasons = reasons.mask(table["image_id"].isin(files.torn), f"{DIFFERENT}: keep the right one of them")
    return set_aside(table.assign(file=found), found.isna(), reasons, id_column="image_id")


def gather(quarantine: Sequence[Table], files: Files, named: Collection[str]) -> Table:
    """One quarantine of all that was set aside.

    Args:
        quarantine: Of rows; those whose image is there are listed under the name of its file.
        files: Of the source.
        named: Every id that some row had: other images are files without a row.
    """
    rows = pd.concat(quarantine, ignore_index=True)
    rows["file"] = [files.images.get(image_id, image_id) for image_id in rows["file"]]
    alone = [(file, "file without a row: no table names it") for key, file in files.images.items() if key not in named]
    loose = pd.DataFrame(files.quarantine + alone, columns=list(QUARANTINE_COLUMNS), dtype=str)
    return pd.concat([rows, loose], ignore_index=True)


def first_aside(quarantine: Table) -> str:
    """What was set aside first, as a sentence; nothing where nothing was."""
    return "".join(f"Set aside first: {file}, {reason}. " for file, reason in quarantine.head(1).to_numpy())
