"""SIIM-ISIC 2020 as JPEGs beside `train.csv` and `test.csv`."""

import logging
import re
from pathlib import PurePosixPath

import pandas as pd

from nevus.contracts import QUARANTINE_COLUMNS, Source, SourceError, Table
from nevus.readers.names import Names, sort_names
from nevus.readers.options import SiimIsic2020Options
from nevus.readers.siim_isic_2020_rows import TEST_COLUMNS, TRAIN_COLUMNS, WITHOUT_LABELS, Found
from nevus.readers.tables import find_table, mangling, read_table, set_aside

TRAIN, TEST = "train.csv", "test.csv"
ID, WANTED = re.compile(r"ISIC_[0-9]{7}"), "ISIC_ and seven digits"
PASSED_OVER = (".csv", ".dcm", ".json", ".tfrec", ".tfrecord", ".gz")  # the same images once more, and other tables

logger = logging.getLogger(__name__)


def collect(source: Source, options: SiimIsic2020Options) -> Found:
    """Match the rows of the tables with the image files, by id and wherever the files lie.

    Args:
        source: `train.csv`, perhaps `test.csv`, and images named by their id, in whatever folders.
        options: Whether rows of test images need a file.

    Returns:
        Rows with a file. Files without a row, rows without a file and other files are in quarantine. Without
        `test.csv`, images in a folder named `test` are the competition's test images, with nothing known of them.

    Raises:
        SourceError: `train.csv` is missing, or a table is there twice, cannot be read, lacks a column or lost its ids.
    """
    names = sort_names(source.names())
    files, quarantine = _files(names)
    rows, nameless = _rows(source, names)
    if not any(PurePosixPath(name).name.lower() == TEST for name in names.others):
        rows = pd.concat([rows, _test_rows_by_folder(files, rows)], ignore_index=True)
    rows = rows.assign(file=rows["image_name"].map(files))
    gone = rows["file"].isna()
    if (gone | (rows["split"] != "labeled")).all() and (
        reason := mangling(rows, TRAIN, "image_name", ID, wanted=WANTED)
    ):
        raise SourceError(reason)
    needed = (rows["split"] != WITHOUT_LABELS) | (options.test_images != "leave_out")
    _, missing = set_aside(rows, gone & needed, "no file for this row of the table", id_column="image_name")
    listed = set(rows["image_name"])
    quarantine += [(file, f"no row in {TRAIN} or {TEST}") for stem, file in files.items() if stem not in listed]
    aside = pd.DataFrame(quarantine, columns=list(QUARANTINE_COLUMNS), dtype=str)
    every = pd.concat([aside, nameless, missing], ignore_index=True)
    return Found(rows[~gone].reset_index(drop=True), every, source, "image_name")


def _files(names: Names) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Image id to file, and what is none."""
    files: dict[str, str] = {}
    quarantine = list(names.refused)
    for name in names.images:
        first = files.setdefault(PurePosixPath(name).stem, name)
        if first != name:
            quarantine.append((name, f"same image id as another file: {first}"))
    strange = {name for name in names.others if PurePosixPath(name).suffix.lower() not in PASSED_OVER}
    quarantine += [(name, "not a file of the competition") for name in sorted(strange)]
    passed = [name for name in names.others if name not in strange and PurePosixPath(name).suffix.lower() != ".csv"]
    if passed:
        logger.info("Passed over %s files that hold the images once more, as DICOM or shards.", f"{len(passed):,}")
    return files, quarantine


def _rows(source: Source, names: Names) -> tuple[Table, Table]:
    """The rows of both tables, and those without an id."""
    train = read_table(source, find_table(names.others, TRAIN), required=TRAIN_COLUMNS).assign(split="labeled")
    train, nameless = set_aside(
        train, train["image_name"].isna(), f"row without image_name: in {TRAIN}", id_column="image_name"
    )
    if not any(PurePosixPath(name).name.lower() == TEST for name in names.others):
        return train, nameless
    test = read_table(source, find_table(names.others, TEST), required=TEST_COLUMNS)
    test, also = set_aside(
        test, test["image_name"].isna(), f"row without image_name: in {TEST}", id_column="image_name"
    )
    test = test[list(TEST_COLUMNS)].assign(split=WITHOUT_LABELS)
    return _stacked(train, test), pd.concat([nameless, also], ignore_index=True)


def _test_rows_by_folder(files: dict[str, str], rows: Table) -> Table:
    listed = set(rows["image_name"])
    stems = [s for s, file in files.items() if s not in listed and "test" in PurePosixPath(file).parent.parts]
    return pd.DataFrame({"image_name": stems, "split": WITHOUT_LABELS}, dtype=object).reindex(columns=rows.columns)


def _stacked(first: Table, second: Table) -> Table:
    return pd.concat([first, second.reindex(columns=first.columns)], ignore_index=True)
