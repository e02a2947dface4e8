"""ISIC 2017, part 3: melanoma or seborrheic keratosis against the rest, in 2,000 + 150 + 600 dermatoscopic images.

Codella et al., 2017 (arXiv:1710.05006); the files are at https://challenge.isic-archive.com/data/#2017.
"""

import logging
import re
from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from nevus.contracts import QUARANTINE_COLUMNS, SPLITS, Listing, Source, SourceError, Table
from nevus.quarantine import advice
from nevus.readers.details import of_records, read_details, settle_details
from nevus.readers.isic_files import (
    IMAGE_ID,
    WANTED_ID,
    first_aside,
    gather,
    match_files,
    part_ids,
    sort_files,
    with_bare_ids,
)
from nevus.readers.names import close_names
from nevus.readers.options import Isic2017Options
from nevus.readers.tables import ZERO_OR_ONE, find_tables, mangling, read_table, set_aside

RELEASES = {"labeled": "ISIC-2017_Training", "validation": "ISIC-2017_Validation", "test": "ISIC-2017_Test_v2"}
TRUTH, METADATA = "_Part3_GroundTruth.csv", "_Data_metadata.csv"
LAYOUT = f"{RELEASES['labeled']}{TRUTH} and the images {WANTED_ID}.jpg, in whatever folders"
TASKS = {"melanoma": "melanoma", "seborrheic_keratosis": "seborrheic keratosis"}  # column: diagnosis
REQUIRED = {TRUTH: ("image_id", *TASKS), METADATA: ("image_id",)}
DETAILS = ("age_approximate", "sex")
COLUMNS = ("file", "image_id", "split", "label", "diagnosis", "group_id", "age", "sex", "site", "source")
# The answers of parts 1 and 2, beside what `nevus.readers.companions` knows.
COMPANIONS = re.compile(r"_features\.json$|_Part[12]_GroundTruth\.", re.I)

logger = logging.getLogger(__name__)


class _Tables(NamedTuple):
    """What was found under one name: the sound table, every file, and what to say where all of them are mangled."""

    rows: Table | None
    names: list[str]
    quarantine: list[tuple[str, str]]
    mangled: str | None


def read(source: Source | None, options: Isic2017Options, *, size: int) -> Listing:
    """List the images of the ISIC 2017 challenge.

    Tables are found by their official names, in whatever folder. A release without ground truth is absent, and so is
    its split; only the training release must be there. Metadata may be missing: age and sex are then null, and the log
    says so. Known companions (`*_superpixels.png`, `*_segmentation.png`, `*_features.json`, ground truth of parts 1 and
    2) are passed over; the log counts them. All else that does not become a record is quarantined: rows without a file,
    files without a row, ids of a wrong form or given twice, values that are not 0 or 1 or both 1, and rows of metadata
    that cannot be used, whose images stay without age and sex.

    A table that a spreadsheet mangled stops the run, unless nothing is lost by it: it is quarantined where a sound one
    of its name is there too, or where it is the ground truth of validation or test and no image lacks a row.

    Args:
        source: A zip or a folder with the tables and the images.
        options: The task: which diagnosis is looked for.
        size: Not needed: the images are listed as they are.

    Returns:
        Records sorted by split and `image_id`, with `label` (1 for what is looked for), `diagnosis` (nevus, melanoma or
        seborrheic keratosis), `age` (years, approximate) and `sex`; `group_id` and `site` are null throughout.

    Raises:
        SourceError: There is no source, no training ground truth, two different tables of one name, a mangled table
            that matters, or no training image.
    """
    if source is None:
        raise SourceError(f"The reader 'isic_2017' needs files ({LAYOUT}), but the catalog names none.")
    names = source.names()
    truths = {split: _find(source, names, release + TRUTH) for split, release in RELEASES.items()}
    _check_training(truths["labeled"], names)
    patients = {split: _find(source, names, release + METADATA) for split, release in RELEASES.items()}
    for split, release in RELEASES.items():
        if truths[split].rows is not None and not patients[split].names:
            logger.info("No table %s%s: age and sex of the %s images stay unknown.", release, METADATA, split)
    tables = [*truths.values(), *patients.values()]
    read_already = [name for table in tables for name in table.names]
    files = sort_files(source, names, tables=read_already, companions=COMPANIONS)
    rows = pd.concat([t.rows.assign(split=split) for split, t in truths.items() if t.rows is not None])
    good, quarantine = _part_rows(rows.reset_index(drop=True))
    matched, lost = match_files(good, files)
    named = set(rows["image_id"])
    _check_mangled(truths, patients, unclaimed=len((files.images.keys() | files.torn.keys()) - named))
    gathered = gather([*quarantine, lost], files, named)
    if not (matched["split"] == "labeled").any():
        has_rows = (good["split"] == "labeled").any()
        helps = "Unpack ISIC-2017_Training_Data.zip there." if has_rows else advice(gathered["reason"])
        raise SourceError(
            f"ISIC 2017 wants {LAYOUT}. Found {len(rows):,} rows and {len(files.images):,} images, but no image for "
            f"a row of the training release. {first_aside(gathered)}{helps}"
        )
    known, unusable, warnings = _patients(patients.values(), named)
    tables_aside = _aside([row for table in tables for row in table.quarantine])
    records = _records(matched.merge(known, on="image_id", how="left"), options.task)
    return Listing(
        records=records,
        quarantine=pd.concat([gathered, unusable, tables_aside], ignore_index=True),
        source=source,
        classes=("other", TASKS[options.task]),
        warnings=of_records(warnings, records),
    )


def _find(source: Source, names: list[str], wanted: str) -> _Tables:
    """The sound table of this name among all files of this name."""
    required = REQUIRED[TRUTH if wanted.endswith(TRUTH) else METADATA]
    found = find_tables(names, wanted)
    sound: dict[str, Table] = {}
    mangled: dict[str, str] = {}
    for name in found:
        details = DETAILS if wanted.endswith(METADATA) else ()
        table = with_bare_ids(read_table(source, name, required=required, optional=details), name)
        said = mangling(table, name, "image_id", IMAGE_ID, wanted=WANTED_ID)
        if said is None:
            sound[name] = table[[*required, *details]]
        else:
            mangled[name] = said
    first, *others = sound or [""]
    for name in others:
        if not sound[name].equals(sound[first]):
            raise SourceError(f"Two tables of one name differ: {first} and {name}. Keep the right one of them.")
    quarantine = [(name, f"same table as another file: {first}") for name in others]
    quarantine += [(name, f"table mangled by a spreadsheet: {mangled[name]}") for name in mangled]
    return _Tables(sound.get(first), found, quarantine, None if sound else next(iter(mangled.values()), None))


def _check_training(truth: _Tables, names: list[str]) -> None:
    if truth.mangled is not None:
        raise SourceError(truth.mangled)
    if truth.rows is None:
        wanted = RELEASES["labeled"] + TRUTH
        tables = [name for name in names if name.lower().endswith(".csv")]
        close = close_names(names, wanted)
        advice = f"Rename '{close[0]}' to {wanted}." if close else "Complete the data, or choose the reader that fits."
        raise SourceError(
            f"ISIC 2017 wants {LAYOUT}. Found {len(names):,} files without that table; the tables are "
            f"{', '.join(tables[:8]) or '(none)'}. {advice}"
        )


def _check_mangled(truths: dict[str, _Tables], patients: dict[str, _Tables], *, unclaimed: int) -> None:
    for table in patients.values():
        if table.mangled is not None:
            raise SourceError(f"{table.mangled} Or take it away: age and sex stay unknown then.")
    for table in truths.values():
        if table.mangled is not None and unclaimed:
            raise SourceError(f"{table.mangled} Without it {unclaimed:,} images have no row.")


def _aside(rows: list[tuple[str, str]]) -> Table:
    return pd.DataFrame(rows, columns=list(QUARANTINE_COLUMNS), dtype=str)


def _part_rows(rows: Table) -> tuple[Table, list[Table]]:
    """Rows with 0 or 1 in both columns, and the quarantine of the others."""
    numbers = rows[list(TASKS)].apply(lambda column: column.map(ZERO_OR_ONE).astype("Int64"))
    texts = [f"melanoma is '{a}', seborrheic_keratosis is '{b}'" for a, b in rows[list(TASKS)].to_numpy()]
    rows = rows.assign(**{column: numbers[column] for column in TASKS}, said=texts)
    rows, bad_ids = part_ids(rows, ["split", *TASKS])
    unknown = rows[list(TASKS)].isna().any(axis=1)
    rows, unlabeled = set_aside(rows, unknown, "unknown label: wanted 0 or 1, " + rows["said"], id_column="image_id")
    both = rows[list(TASKS)].eq(1).all(axis=1)
    rows, torn = set_aside(rows, both, "contradicting labels: both diagnoses are 1", id_column="image_id")
    return rows, [bad_ids, unlabeled, torn]


def _patients(found: Iterable[_Tables], named: set[str]) -> tuple[Table, Table, list[Table]]:
    """Age and sex of each image id that some table knows; quarantine rows of metadata of no image; warnings."""
    tables = [table.rows for table in found if table.rows is not None]
    if not tables:
        empty = pd.DataFrame({"image_id": [], "age": [], "sex": []})
        return empty.astype({"image_id": object, "age": float, "sex": object}), _aside([]), []
    rows, differing = settle_details(pd.concat(tables, ignore_index=True), DETAILS, key="image_id")
    rows, bad_ids = part_ids(rows, [])
    rows, lonely = set_aside(rows, ~rows["image_id"].isin(named), "no ground truth for it", id_column="image_id")
    rows, unread = read_details(rows, key="image_id", age="age_approximate")
    aside = pd.concat([bad_ids, lonely], ignore_index=True)
    return (
        rows[["image_id", "age", "sex"]],
        aside.assign(reason="row of metadata, " + aside["reason"]),
        [
            differing,
            unread,
        ],
    )


def _records(table: Table, task: str) -> Table:
    diagnosis = pd.Series("nevus", index=table.index)
    for column, name in TASKS.items():
        diagnosis = diagnosis.mask(table[column] == 1, name)
    records = table.assign(label=table[task], diagnosis=diagnosis, group_id=None, site=None, source="ISIC 2017")
    order = records["split"].map(SPLITS.index)
    ordered: Table = records.assign(order=order).sort_values(["order", "image_id"])[list(COLUMNS)]
    return ordered.reset_index(drop=True)
