"""The tables of the ISIC archive's collections, and of the ISIC 2019 challenge, as rows of one form."""

import logging
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

import pandas as pd

from nevus.contracts import QUARANTINE_COLUMNS, Source, SourceError, Table
from nevus.file_names import is_litter, refusal
from nevus.readers.isic_files import WANTED_ID, with_bare_ids
from nevus.readers.one_hot import part_one_hot
from nevus.readers.table_formats import SUFFIXES
from nevus.readers.tables import find_table, find_tables, read_table

METADATA = re.compile(r"(.*[\W_])?metadata([\W_].*)?", re.I)  # the site's downloads have the collection and the date
TRUTH, PEOPLE = "ISIC_2019_Training_GroundTruth.csv", "ISIC_2019_Training_Metadata.csv"
LAYOUT = f"metadata.csv with a column isic_id, or {TRUTH}, and the images {WANTED_ID}.jpg, in whatever folders"
DETAILS = ("age", "sex", "site", "confirmed_by", "image_type")  # an image without them stays
ROWS = ("image_id", "benignity", "diagnosis", "named", "torn", "patient_id", "lesion_id", *DETAILS)
MELANOMA = re.compile(r"\bmelanoma\b", re.I)

LEVELS = tuple(f"diagnosis_{level}" for level in range(1, 6))  # from benign or malignant to the most particular
SITES = tuple(f"anatom_site_{level}" for level in range(1, 6))  # likewise
PLAIN = {
    "age": "age_approx",
    "sex": "sex",
    "confirmed_by": "diagnosis_confirm_type",
    "image_type": "image_type",
    "patient_id": "patient_id",
    "lesion_id": "lesion_id",
}
OPTIONAL = (*LEVELS, *SITES, *PLAIN.values(), "benign_malignant", "diagnosis", "anatom_site_general")
DIAGNOSES_2019 = {
    "MEL": ("malignant", "melanoma"),
    "NV": ("benign", "nevus"),
    "BCC": ("malignant", "basal cell carcinoma"),
    "AK": ("malignant", "actinic keratosis"),  # as the task malignant_benign of HAM10000 has it
    "BKL": ("benign", "benign keratosis"),
    "DF": ("benign", "dermatofibroma"),
    "VASC": ("benign", "vascular lesion"),
    "SCC": ("malignant", "squamous cell carcinoma"),
    "UNK": (None, None),  # none of the others
}

logger = logging.getLogger(__name__)


def read_tables(source: Source, names: Sequence[str]) -> tuple[Table, Table, list[str]]:
    """Read every table of metadata in the source, or else the ground truth of ISIC 2019.

    Args:
        source: Where they lie.
        names: Its files.

    Returns:
        `ROWS` as text or null: `benignity` is benign, malignant or indeterminate, `diagnosis` the most particular one
        that is named, `named` all of them but the benignity, `torn` how two columns contradict
        each other; quarantine rows without exactly one diagnosis; the names of the tables read.

    Raises:
        SourceError: There is no table, or one that cannot be read.
    """
    if find_tables(names, TRUTH):
        return _challenge(source, names)
    good = [name for name in names if refusal(name) is None and not is_litter(name)]
    paths = {name: PurePosixPath(name) for name in good}
    tables = [n for n, path in paths.items() if path.suffix.lower() in SUFFIXES and METADATA.fullmatch(path.stem)]
    if not tables:
        seen = [name for name, path in paths.items() if path.suffix.lower() in SUFFIXES]
        raise SourceError(
            f"The reader 'isic_archive' wants {LAYOUT}; found {len(names):,} files without it, and the tables "
            f"{', '.join(seen[:8]) or '(none)'}. Download the metadata too (`isic metadata download --collections "
            "<id> --outfile metadata.csv`), or choose the reader that fits."
        )
    read = [(name, read_table(source, name, required=("isic_id",), optional=OPTIONAL)) for name in tables]
    rows = [with_bare_ids(_rows(table), name) for name, table in read]
    table = pd.concat(rows, ignore_index=True).drop_duplicates(ignore_index=True)  # collections share images
    return table, pd.DataFrame(columns=list(QUARANTINE_COLUMNS), dtype=str), tables


def _rows(table: Table) -> Table:
    older = table["benign_malignant"].str.lower().str.partition("/")[0] if _any(table, "benign_malignant") else None
    newer = table["diagnosis_1"].str.lower() if _any(table, "diagnosis_1") else None
    empty = pd.Series(None, index=table.index, dtype=object)
    older, newer = (empty if column is None else column.where(column.notna(), None) for column in (older, newer))
    both = newer.notna() & older.notna() & (newer != older)
    torn = empty.mask(
        both, "diagnosis_1 is " + newer.astype("string") + ", benign_malignant is " + older.astype("string")
    )
    columns = ["diagnosis", *LEVELS[1:]]
    joined = ["; ".join(filter(None, row)) or None for row in table[columns].fillna("").to_numpy().tolist()]
    named, deepest = pd.Series(joined, index=table.index, dtype=object), _deepest(table, columns)
    benignity = newer.where(newer.notna(), older)
    plain = {ours: table[theirs] for ours, theirs in PLAIN.items()}
    rows = table.assign(
        image_id=table["isic_id"],
        benignity=benignity,
        named=named,
        diagnosis=deepest.where(deepest.notna(), benignity),
        torn=torn,
        site=_deepest(table, ("anatom_site_general", *SITES)),
        **plain,
    )
    return rows[list(ROWS)].astype(object)


def _any(table: Table, column: str) -> bool:
    return bool(table[column].notna().any())


def _deepest(table: Table, columns: Sequence[str]) -> "pd.Series[str]":
    """The last of these columns that is not null."""
    return table[list(columns)].astype(object).ffill(axis=1).iloc[:, -1]


def _challenge(source: Source, names: Sequence[str]) -> tuple[Table, Table, list[str]]:
    tables = [find_table(names, TRUTH)]
    table = _by_image(source, tables[0], required=tuple(DIAGNOSES_2019))
    table, aside = part_one_hot(table, list(DIAGNOSES_2019), key="image_id")
    said = table["dx"].map(DIAGNOSES_2019)
    table = table.assign(benignity=said.str[0], diagnosis=said.str[1], named=said.str[1])[
        ["image_id", "benignity", "diagnosis", "named"]
    ]
    if find_tables(names, PEOPLE):
        tables.append(find_table(names, PEOPLE))
        people = _by_image(source, tables[1], optional=("age_approx", "sex", "anatom_site_general", "lesion_id"))
        people = people.rename(columns={"age_approx": "age", "anatom_site_general": "site"})
        table = table.merge(people.drop_duplicates("image_id"), on="image_id", how="left")
    else:
        logger.warning("There is no %s: age, sex, site and lesions are unknown.", PEOPLE)
    return table.reindex(columns=list(ROWS)).astype(object), aside, tables


def _by_image(source: Source, name: str, *, required: Sequence[str] = (), optional: Sequence[str] = ()) -> Table:
    """A table of the challenge with `image_id` for its `image`."""
    table = read_table(source, name, required=("image", *required), optional=optional)
    return with_bare_ids(table.rename(columns={"image": "image_id"}), name)
