"""SIIM-ISIC 2020, what its two layouts have in common: rows of text, and which of them to trust."""

from pathlib import PurePosixPath
from typing import NamedTuple

import pandas as pd

from nevus.contracts import Source, Table
from nevus.readers.details import read_details
from nevus.readers.tables import ZERO_OR_ONE, set_aside

DUPLICATES = "ISIC_2020_Training_Duplicates.csv"
WITHOUT_LABELS = "competition's test"  # stands in the column `split` until the options say what becomes of it
LABELED = ("labeled", "validation", "test")  # splits that need a label
TEST_COLUMNS = ("image_name", "patient_id", "sex", "age_approx", "anatom_site_general_challenge")
TRAIN_COLUMNS = (*TEST_COLUMNS, "diagnosis", "target")
RECORD_COLUMNS = ["file", "image_id", "split", "label", "diagnosis", "group_id", "age", "sex", "site", "source"]

_TO_MANIFEST = {"image_name": "image_id", "patient_id": "group_id", "anatom_site_general_challenge": "site"}


class Found(NamedTuple):
    """What one of the two layouts holds.

    Attributes:
        rows: One row an image, index 0..N-1: `file`, `split`, and as text or null `TRAIN_COLUMNS`, perhaps
            `benign_malignant` too.
        quarantine: What is no image of the competition: `file`, `reason`.
        source: Where the files can be read.
        named_by: The column that names a row in the quarantine.
        coded_sex: Whether sexes may be numbers, whose meaning was never published; they are kept as text.
    """

    rows: Table
    quarantine: Table
    source: Source
    named_by: str
    coded_sex: bool = False


def is_duplicates(name: str) -> bool:
    """Whether a file is the official list of duplicates, by its name."""
    return PurePosixPath(name).name.lower() == DUPLICATES.lower()


def sound(rows: Table, *, named_by: str, coded_sex: bool = False) -> tuple[Table, Table, Table]:
    """Part rows in those to trust and the quarantine.

    Args:
        rows: Of `Found`.
        named_by: Likewise.
        coded_sex: Likewise.

    Returns:
        Rows with unique ids, targets of 0 or 1 where the split needs one, `age` (years) and `sex`; quarantine rows;
        warnings of ages and sexes that are taken as unknown.
    """
    parts = []
    for judge in (_targets, _contradictions, _disagreements, _repetitions):
        bad, reasons = judge(rows)
        rows, aside = set_aside(rows, bad, reasons, id_column=named_by)
        parts.append(aside)
    rows, warnings = read_details(rows, key="file", age="age_approx", sex=None if coded_sex else "sex")
    return rows, pd.concat(parts, ignore_index=True), warnings


def to_records(rows: Table) -> Table:
    """Rename, turn text into numbers, hide labels of unlabelled images.

    Args:
        rows: Of `sound`.

    Returns:
        `RECORD_COLUMNS`.
    """
    known = rows["split"].isin(LABELED)
    records = rows.rename(columns=_TO_MANIFEST).assign(
        label=rows["target"].map(ZERO_OR_ONE).astype("Int64").where(known),
        diagnosis=rows["diagnosis"].where(known, None),
        source="SIIM-ISIC 2020",
    )
    return records[RECORD_COLUMNS].reset_index(drop=True)


def _targets(rows: Table) -> tuple["pd.Series[bool]", "pd.Series[str]"]:
    bad = rows["split"].isin(LABELED) & ~rows["target"].isin(list(ZERO_OR_ONE))
    return bad, "target must be 0 or 1: found " + rows["target"].fillna("nothing")


def _contradictions(rows: Table) -> tuple["pd.Series[bool]", "pd.Series[str]"]:
    said = rows["benign_malignant"] if "benign_malignant" in rows else pd.Series(None, index=rows.index, dtype=object)
    label = said.str.lower().map({"benign": 0, "malignant": 1})
    bad = rows["split"].isin(LABELED) & said.notna() & (label != rows["target"].map(ZERO_OR_ONE))
    return bad, "target and benign_malignant contradict each other: " + rows["target"] + " and " + said


def _disagreements(rows: Table) -> tuple["pd.Series[bool]", "pd.Series[str]"]:
    """Rows of one image that differ in its label or its patient: which of them is right is not to be guessed."""
    labels = rows["target"].map(ZERO_OR_ONE).astype("float64").groupby(rows["image_name"])
    patients = rows["patient_id"].groupby(rows["image_name"]).transform("nunique") > 1
    both = labels.transform("max") > labels.transform("min")
    reasons = pd.Series("same image id with two patients: ", index=rows.index).mask(
        both, "same image id with both targets: "
    )
    return both | patients, reasons + rows["image_name"]


def _repetitions(rows: Table) -> tuple["pd.Series[bool]", "pd.Series[str]"]:
    order = (~rows["split"].isin(LABELED)).sort_values(kind="stable").index  # the row with a label is the one to keep
    again = rows["image_name"].reindex(order).duplicated().reindex(rows.index)
    return again, "same image id as another row: " + rows["image_name"]
