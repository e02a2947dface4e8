"""HAM10000: 10,015 dermatoscopic images of 7,470 lesions with seven diagnoses.

Tschandl, Rosendahl and Kittler, 2018 (https://doi.org/10.1038/sdata.2018.161), from Vienna and Queensland; the files
are at Harvard Dataverse (https://doi.org/10.7910/DVN/DBW86T).
"""

import logging
import re

import pandas as pd

from nevus.contracts import QUARANTINE_COLUMNS, Listing, Source, SourceError, Table
from nevus.quarantine import advice
from nevus.readers.details import of_records, read_details, settle_details, unlisted
from nevus.readers.ham10000_truth import TRUTH, read_truth
from nevus.readers.isic_files import (
    IMAGE_ID,
    WANTED_ID,
    first_aside,
    gather,
    match_files,
    part_ids,
    part_values,
    sort_files,
    with_bare_ids,
)
from nevus.readers.options import Ham10000Options
from nevus.readers.tables import find_table, find_tables, mangling, matches, read_table, set_aside

TABLE = ("HAM10000_metadata.csv", "HAM10000_metadata", "HAM10000_metadata.tab")  # Dataverse ships it as any of these
LAYOUT = f"{TABLE[0]} and the images {WANTED_ID}.jpg, in one folder or several"
REQUIRED = ("lesion_id", "image_id", "dx")
DETAILS = ("dx_type", "age", "sex", "localization")  # an image without them stays
COLUMNS = ("file", "image_id", "split", "label", "diagnosis", "group_id", "age", "sex", "site", "source")
LESION_ID = re.compile(r"HAM_[0-9]{7}")
WANTED_LESION = "HAM_<7 digits>"
DIAGNOSES = {
    "akiec": "actinic keratosis",  # with Bowen's disease
    "bcc": "basal cell carcinoma",
    "bkl": "benign keratosis",  # solar lentigo, seborrheic and lichen-planus-like keratosis
    "df": "dermatofibroma",
    "mel": "melanoma",
    "nv": "nevus",
    "vasc": "vascular lesion",
}
CONFIRMED_BY = ("histo", "follow_up", "consensus", "confocal")
MALIGNANT = ("mel", "bcc", "akiec")
# Per task: the names of the classes, and the label of each diagnosis that takes part.
TASKS: dict[str, tuple[tuple[str, ...], dict[str, int]]] = {
    "melanoma_nevus": (("nevus", "melanoma"), {"nv": 0, "mel": 1}),
    "malignant_benign": (("benign", "malignant"), {dx: int(dx in MALIGNANT) for dx in DIAGNOSES}),
    "seven": (tuple(DIAGNOSES.values()), {dx: label for label, dx in enumerate(DIAGNOSES)}),
}
# Shipped along by Dataverse or by copies of the data set, beside what `nevus.readers.companions` knows.
COMPANIONS = re.compile(
    r"(^|/)(HAM10000_segmentations[^/]*\.zip$|ISIC2018_Task3_(Test|Validation)|hmnist_[0-9]+_[0-9]+_)"
    r"|(GroundTruth|LesionGroupings)\.(csv|tab)$",
    re.IGNORECASE,
)

logger = logging.getLogger(__name__)


def read(source: Source | None, options: Ham10000Options, *, size: int) -> Listing:
    """List the images of HAM10000.

    Where HAM10000's own table is absent, the one-hot ground truth of ISIC 2018, task 3, stands in, with its lesion
    groupings if they are there.

    Rows that the task or `confirmed_by` does not ask for are left out on purpose, with their images: a line in the log
    counts them by diagnosis. Known companions (masks, the test set of ISIC 2018, `hmnist_*.csv`) are passed over; the
    log counts them too. All else that does not become a record is quarantined: rows without a file, files without a
    row, ids of a wrong form or given twice, unknown diagnoses. Ages, sexes and ways of confirmation that cannot be read
    are unknown; the warnings list them.

    Args:
        source: A zip or a folder with the table and the images, in whatever folders.
        options: The task, and how diagnoses must have been confirmed.
        size: Not needed: the images are listed as they are.

    Returns:
        Records sorted by `image_id`, all in the split "labeled" (the format has no other), with `group_id` (the
        lesion), `diagnosis`, `age` (years), `sex` and `site`.

    Raises:
        SourceError: There is no source, no table or more than one, a spreadsheet has mangled its ids, or no row that
            the options ask for has an image.
    """
    if source is None:
        raise SourceError(f"The reader 'ham10000' needs files ({LAYOUT}), but the catalog names none.")
    names = source.names()
    table, unclear, tables = _read_rows(source, names)
    listed = {*table["image_id"], *unclear["file"]}
    table, differing = settle_details(table, DETAILS, key="image_id")
    files = sort_files(source, names, tables=tables, companions=COMPANIONS)
    good, quarantine = _part_rows(table)
    good, unread = read_details(good, key="image_id")
    good, unconfirmed = unlisted(good, "dx_type", CONFIRMED_BY, key="image_id")
    classes, labels = TASKS[options.task]
    asked = good[_asked(good, labels, options)]
    matched, lost = match_files(asked, files)
    aside = gather([unclear, *quarantine, lost], files, listed)
    if matched.empty:
        raise SourceError(
            f"HAM10000 wants {LAYOUT}. Found {tables[0]} with {len(table):,} rows, {len(asked):,} of them asked for by "
            f"ingestion.ham10000, and {len(files.images):,} images, but none for these rows. "
            f"{first_aside(aside)}{_helps(good, asked, aside)}"
        )
    records = _records(matched, labels)
    return Listing(records, aside, source, classes, of_records([differing, unread, unconfirmed], records))


def _helps(good: Table, asked: Table, aside: Table) -> str:
    """What to do where no row has an image, by the cause: the rows, the options or the images."""
    if good.empty:
        return advice(aside["reason"])
    if asked.empty:
        return "Choose other options in conf/<env>/parameters.yml."
    return "Unpack the images into the same folder."


def _read_rows(source: Source, names: list[str]) -> tuple[Table, Table, list[str]]:
    """Rows of its own table, else of the one-hot ground truth; quarantine of the latter; names of the tables read."""
    if find_tables(names, *TABLE) or not find_tables(names, *TRUTH):
        tables, unclear = [find_table(names, *TABLE)], pd.DataFrame(columns=list(QUARANTINE_COLUMNS), dtype=str)
        table = read_table(source, tables[0], required=REQUIRED, optional=DETAILS)
    else:
        table, unclear, tables = read_truth(source, names)
    name, table = tables[0], table.reindex(columns=[*REQUIRED, *DETAILS]).astype(object)
    table = with_bare_ids(table, name)
    ids = [("image_id", IMAGE_ID, WANTED_ID)]
    if table["lesion_id"].notna().any():
        ids.append(("lesion_id", LESION_ID, WANTED_LESION))
    for column, form, wanted in ids:
        if (mangled := mangling(table, name, column, form, wanted=wanted)) is not None:
            raise SourceError(mangled)
    return table, unclear, tables


def _part_rows(table: Table) -> tuple[Table, list[Table]]:
    """The sound rows, and the quarantine of the others."""
    table, bad_ids = part_ids(table, ["lesion_id", "dx"])
    reason = f"wrong lesion id: wanted {WANTED_LESION}"
    wrong = ~matches(table["lesion_id"], LESION_ID) & bool(table["lesion_id"].notna().any())  # else none is known
    table, lesionless = set_aside(table, wrong, reason, id_column="image_id")
    table, undiagnosed = part_values(table, "dx", DIAGNOSES)
    return table, [bad_ids, lesionless, undiagnosed]


def _asked(table: Table, labels: dict[str, int], options: Ham10000Options) -> "pd.Series[bool]":
    """True for each row that the options ask for; the log counts the others."""
    asked = table["dx"].isin(labels)
    if options.confirmed_by is not None:
        asked &= table["dx_type"].isin(options.confirmed_by)
    counts = table.loc[~asked, "dx"].value_counts()
    if len(counts):
        listed = ", ".join(f"{DIAGNOSES[str(dx)]} {count:,}" for dx, count in counts.items())
        logger.info("Left out %s rows that ingestion.ham10000 does not ask for: %s.", f"{counts.sum():,}", listed)
    return asked


def _records(table: Table, labels: dict[str, int]) -> Table:
    records: Table = table.assign(
        split="labeled",
        label=table["dx"].map(labels).astype("Int64"),
        diagnosis=table["dx"].map(DIAGNOSES),
        group_id=table["lesion_id"],
        site=table["localization"],
        source="HAM10000",
    )
    return records.sort_values("image_id")[list(COLUMNS)].reset_index(drop=True)
