"""Any collection of the ISIC archive, as `isic-cli` or the archive's site hands it out; and the ISIC 2019 challenge.

The archive is at https://www.isic-archive.com, the program at https://github.com/ImageMarkup/isic-cli.
"""

import logging
import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from nevus.contracts import Listing, Source, SourceError, Table
from nevus.quarantine import TORN_DIAGNOSIS
from nevus.readers.details import of_records, read_details, settle_details
from nevus.readers.isic_archive_tables import DETAILS, LAYOUT, MELANOMA, read_tables
from nevus.readers.isic_files import IMAGE_ID, WANTED_ID, first_aside, gather, match_files, part_ids, sort_files
from nevus.readers.options import IsicArchiveOptions
from nevus.readers.tables import mangling, set_aside

CLASSES = {"malignant_benign": ("benign", "malignant"), "melanoma": ("other", "melanoma")}
COLUMNS = ("file", "image_id", "split", "label", "diagnosis", "group_id", "age", "sex", "site", "source")
# Whom to name, under which licence, and tables of the challenges, beside what `nevus.readers.companions` knows.
COMPANIONS = re.compile(
    r"(^|/)(attribution|licen[cs]es?(/[^/]*)?)\.(txt|md|html?|pdf)$|_(GroundTruth|Metadata|Duplicates)[^/]*\.csv$",
    re.IGNORECASE,
)

logger = logging.getLogger(__name__)


def read(source: Source | None, options: IsicArchiveOptions, *, size: int) -> Listing:
    """List the images of a collection.

    Rows that `confirmed_by` or `image_type` does not ask for are left out with their images; the log counts them. So it
    does with images whose class the table does not say (indeterminate, or no diagnosis): they are unlabelled, or left
    out, as `undiagnosed` says. Attribution, licences and tables of the challenges are passed over. All else that does
    not become a record is quarantined.

    Args:
        source: A zip or a folder with the tables and the images, in whatever folders.
        options: The task, and which images are asked for.
        size: Not needed: the images are listed as they are.

    Returns:
        Records sorted by `image_id`, in the splits "labeled" and "unlabeled". `diagnosis` is the most particular one
        that the table names. `group_id` joins images of one patient, and of one lesion where the patient is not known.

    Raises:
        SourceError: There is no source or no table, its ids are mangled, an option asks for what no row has, or no
            row that the options ask for has an image and a class.
    """
    if source is None:
        raise SourceError(f"The reader 'isic_archive' needs files ({LAYOUT}), but the catalog names none.")
    names = source.names()
    table, unclear, tables = read_tables(source, names)
    if (mangled := mangling(table, tables[0], "image_id", IMAGE_ID, wanted=WANTED_ID)) is not None:
        raise SourceError(mangled)
    listed = {*table["image_id"], *unclear["file"]}
    files = sort_files(source, names, tables=tables, companions=COMPANIONS)
    table, differing = settle_details(table, DETAILS, key="image_id")
    table, bad_ids = part_ids(table, ["benignity", "diagnosis", "patient_id", "lesion_id"])
    table, torn = set_aside(table, table["torn"].notna(), table["torn"].map(TORN_DIAGNOSIS.of), id_column="image_id")
    table, unread = read_details(table, key="image_id")
    asked = _asked(table, options).pipe(_labelled, options)
    _require_classes(asked, table, options, tables)
    matched, lost = match_files(asked, files)
    aside = gather([unclear, bad_ids, torn, lost], files, listed)
    if not (matched["split"] == "labeled").any():
        raise SourceError(
            f"The ISIC archive's collections have {LAYOUT}. Found {', '.join(tables)} with {len(table):,} rows, "
            f"{int((asked['split'] == 'labeled').sum()):,} of them with a class for the task {options.task}, and "
            f"{len(files.images):,} images, but no image for these rows. {first_aside(aside)}Complete the download, or "
            "change ingestion.isic_archive in conf/<env>/parameters.yml."
        )
    records = _records(matched)
    return Listing(records, aside, source, CLASSES[options.task], of_records([differing, unread], records))


def _asked(table: Table, options: IsicArchiveOptions) -> Table:
    """The rows that the options ask for; the log counts the others."""
    for column in ("confirmed_by", "image_type"):
        wanted = getattr(options, column)
        if wanted is None:
            continue
        spellings = {value.lower() for value in wanted}
        asked = table[column].map(lambda value, spellings=spellings: str(value).lower() in spellings).astype(bool)
        if not asked.any():
            found = ", ".join(f"'{value}'" for value in sorted(table[column].dropna().unique())) or "no value at all"
            raise SourceError(
                f"ingestion.isic_archive.{column} asks for {', '.join(wanted)}, but the table has {found}. Choose "
                "among these in conf/<env>/parameters.yml, or null for all."
            )
        if left := int((~asked).sum()):
            logger.info("Left out %s rows that ingestion.isic_archive.%s does not ask for.", f"{left:,}", column)
        table = table[asked]
    return table


def _labelled(table: Table, options: IsicArchiveOptions) -> Table:
    """Add `label` and `split`; rows without a class are unlabelled or left out."""
    benignity = table["benignity"]
    if options.task == "melanoma":  # that it is malignant does not say whether it is one
        known = (benignity == "benign") | (table["named"].notna() & (benignity != "indeterminate"))
        looked_for = table["named"].map(lambda value: MELANOMA.search(str(value)) is not None)
    else:
        known, looked_for = benignity.isin(["benign", "malignant"]), benignity == "malignant"
    if nameless := int((~known).sum()):
        done = "are unlabelled" if options.undiagnosed == "unlabeled" else "were left out"
        logger.info("%s images %s: the table does not say their class.", f"{nameless:,}", done)
    label = looked_for.astype("Int64").where(known)
    rows = table.assign(label=label, split=known.map({True: "labeled", False: "unlabeled"}))
    return rows if options.undiagnosed == "unlabeled" else rows[known]


def _require_classes(asked: Table, table: Table, options: IsicArchiveOptions, tables: Sequence[str]) -> None:
    """Refuse a table that says the class of none of the images asked for, and name the task for which it does.

    Raises:
        SourceError: It does.
    """
    if (asked["split"] == "labeled").any() or not len(table):
        return
    tasks = (options.model_copy(update={"task": task}) for task in CLASSES if task != options.task)
    others = [one.task for one in tasks if (_labelled(_asked(table, one), one)["split"] == "labeled").any()]
    remedy = (
        f"give `--params ingestion.isic_archive.task={others[0]}`, for which it does"
        if others
        else (
            "download it anew by `isic metadata download`, which writes the columns diagnosis_1, diagnosis_2 and so on"
        )
    )
    raise SourceError(
        f"The task {options.task} tells {' from '.join(CLASSES[options.task])}, but {', '.join(tables)} says of none "
        f"of {len(asked):,} images which it is. If the images have a diagnosis there, {remedy}."
    )


def _records(table: Table) -> Table:
    records = table.assign(
        group_id=_groups(table["patient_id"], table["lesion_id"]),
        diagnosis=table["diagnosis"].where(table["split"] == "labeled", None),
        source="ISIC archive",
    )
    if not records["group_id"].notna().any():
        logger.warning("The table names neither patients nor lesions: nothing keeps images of one together.")
    return records.sort_values("image_id")[list(COLUMNS)].reset_index(drop=True)


def _groups(patients: "pd.Series[str]", lesions: "pd.Series[str]") -> "pd.Series[str]":
    """One name for all images that a chain of equal patients or lesions joins; null where neither is known."""
    own = patients.where(patients.notna(), lesions)
    keys, names = pd.factorize("patient " + patients.where(patients.notna(), None).astype("string"))
    others, lesion_names = pd.factorize("lesion " + lesions.where(lesions.notna(), None).astype("string"))
    both = (keys >= 0) & (others >= 0)
    size = len(names) + len(lesion_names)
    edges = coo_array((np.ones(both.sum()), (keys[both], others[both] + len(names))), shape=(size, size))
    joined = connected_components(edges, directed=False)[1] if size else np.zeros(0, dtype=np.int64)
    node = np.where(keys >= 0, keys, others + len(names))
    known = own.notna().to_numpy()
    component = pd.Series(-1, index=own.index)
    component[known] = joined[node[known]]
    return own.astype(object).groupby(component).transform("min").where(known, None)
