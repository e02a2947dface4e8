"""SIIM-ISIC 2020 as JPEGs beside the tables of Kaggle (`train.csv`, `test.csv`) or of the ISIC archive."""

import logging
import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

import pandas as pd

from nevus.contracts import QUARANTINE_COLUMNS, Source, SourceError, Table
from nevus.readers.names import Names, set_aside_companions, sort_names
from nevus.readers.options import SiimIsic2020Options
from nevus.readers.same_id import DIFFERENT, settle
from nevus.readers.siim_isic_2020_rows import TEST_COLUMNS, TRAIN_COLUMNS, WITHOUT_LABELS, Found, is_duplicates
from nevus.readers.tables import find_table, find_tables, mangling, read_table, set_aside
from nevus.tfrecord.shards import is_shard

# Spellings of one table; of several the first is read. The archive's second version has lesions and no other labels.
TRAIN = ("train.csv", "ISIC_2020_Training_GroundTruth_v2.csv", "ISIC_2020_Training_GroundTruth.csv")
ARCHIVES_TEST = "ISIC_2020_Test_Metadata.csv"
TEST = ("test.csv", ARCHIVES_TEST)
ARCHIVES_COLUMNS = {  # of ARCHIVES_TEST: our name to its name
    "image_name": "image",
    "patient_id": "patient",
    "anatom_site_general_challenge": "anatom_site_general",
}
NEEDED = ("image_name", "patient_id", "target")  # an image without the other columns stays
ID, WANTED = re.compile(r"ISIC_[0-9]{7}"), "ISIC_ and seven digits"
PASSED_OVER = (".csv", ".dcm", ".json")  # other tables, and the same images once more

logger = logging.getLogger(__name__)


def collect(source: Source, options: SiimIsic2020Options) -> Found:
    """Match the rows of the tables with the image files, by id and wherever the files lie.

    Args:
        source: A table of `TRAIN`, perhaps one of `TEST`, and images named by their id, in whatever folders.
        options: Whether rows of test images need a file.

    Returns:
        Rows with a file. Files without a row, rows without a file and other files are in quarantine. Without a table
        of test images, those in a folder named `test` are the competition's test images, with nothing known of them.

    Raises:
        SourceError: The training table is missing, or a table is there twice, cannot be read, lacks a column or lost
            its ids.
    """
    names = sort_names(source.names())
    train, test = _find(names.others, TRAIN) or find_table(names.others, *TRAIN), _find(names.others, TEST)
    tables = [PurePosixPath(name).name for name in (train, test) if name is not None]
    quarantine = _other_files(names, read=[name for name in (train, test) if name is not None])
    files, torn, aside = settle(source, _by_id(names.images))
    rows, nameless = _rows(source, train, test)
    if test is None:
        rows = pd.concat([rows, _test_rows_by_folder(files, rows)], ignore_index=True)
    rows = rows.assign(file=rows["image_name"].map(files))
    gone = rows["file"].isna()
    if (gone | (rows["split"] != "labeled")).all() and (
        reason := mangling(rows, tables[0], "image_name", ID, wanted=WANTED)
    ):
        raise SourceError(reason)
    needed = (rows["split"] != WITHOUT_LABELS) | (options.test_images != "leave_out")
    reasons = pd.Series("no file for this row of the table", index=rows.index)
    reasons = reasons.mask(rows["image_name"].isin(torn), f"{DIFFERENT}: keep the right one of them")
    _, missing = set_aside(rows, gone & needed, reasons, id_column="image_name")
    listed = set(rows["image_name"])
    quarantine += aside
    quarantine += [(file, f"no row in {' or '.join(tables)}") for stem, file in files.items() if stem not in listed]
    others = pd.DataFrame(quarantine, columns=list(QUARANTINE_COLUMNS), dtype=str)
    every = pd.concat([others, nameless, missing], ignore_index=True)
    return Found(rows[~gone].reset_index(drop=True), every, source, "image_name")


def _find(names: Sequence[str], spellings: Iterable[str]) -> str | None:
    """The table of the first of these spellings that is there."""
    found = [spelling for spelling in spellings if find_tables(names, spelling)]
    if len(found) > 1:
        logger.info("Read %s, and not %s: other editions of the same table.", found[0], ", ".join(found[1:]))
    return find_table(names, found[0]) if found else None


def _by_id(images: Iterable[str]) -> dict[str, list[str]]:
    """Image id to the files of that name."""
    named: dict[str, list[str]] = {}
    for name in images:
        named.setdefault(PurePosixPath(name).stem, []).append(name)
    return named


def _other_files(names: Names, *, read: Sequence[str]) -> list[tuple[str, str]]:
    """What is no image and belongs to none of the tables read."""
    others = [name for name in names.others if name not in read and not is_duplicates(name)]
    strange = [name for name in others if not (is_shard(name) or PurePosixPath(name).suffix.lower() in PASSED_OVER)]
    if passed := len(others) - len(strange):
        logger.info("Passed over %s files: other tables, or the images once more as DICOM or shards.", f"{passed:,}")
    aside = names.refused + set_aside_companions(names.companions)
    return [*aside, *((name, "not a file of the competition") for name in strange)]


def _rows(source: Source, train: str, test: str | None) -> tuple[Table, Table]:
    """The rows of both tables, and those without an id."""
    table = read_table(source, train, required=NEEDED, optional=TRAIN_COLUMNS)
    rows, nameless = _named(table.assign(split="labeled"), train)
    if test is None:
        return rows, nameless
    ours = ARCHIVES_COLUMNS if PurePosixPath(test).name.lower() == ARCHIVES_TEST.lower() else {}
    theirs = [ours.get(column, column) for column in TEST_COLUMNS]
    hidden = read_table(source, test, required=theirs[:2], optional=theirs)[theirs].set_axis(
        list(TEST_COLUMNS), axis="columns"
    )
    hidden, also = _named(hidden.assign(split=WITHOUT_LABELS), test)
    return _stacked(rows, hidden), pd.concat([nameless, also], ignore_index=True)


def _named(rows: Table, table: str) -> tuple[Table, Table]:
    reason = f"row without image_name: in {PurePosixPath(table).name}"
    return set_aside(rows, rows["image_name"].isna(), reason, id_column="image_name")


def _test_rows_by_folder(files: dict[str, str], rows: Table) -> Table:
    listed = set(rows["image_name"])
    stems = [s for s, file in files.items() if s not in listed and "test" in PurePosixPath(file).parent.parts]
    return pd.DataFrame({"image_name": stems, "split": WITHOUT_LABELS}, dtype=object).reindex(columns=rows.columns)


def _stacked(first: Table, second: Table) -> Table:
    return pd.concat([first, second.reindex(columns=first.columns)], ignore_index=True)
