"""The SIIM-ISIC 2020 challenge: 33,126 labelled dermatoscopic images of 2,056 patients, and 10,982 without labels.

Rotemberg et al., "A patient-centric dataset of images and metadata for identifying melanomas using clinical context"
(2021; https://doi.org/10.1038/s41597-021-00815-z), with the tables of the Kaggle competition. The images come as JPEGs
(`siim_isic_2020_tables`) or in TFRecord shards (`siim_isic_2020_shards`); from there on both are one.
"""

import logging
from collections.abc import Iterable

import pandas as pd

from nevus.contracts import Listing, Source, SourceError, Table
from nevus.readers import siim_isic_2020_shards, siim_isic_2020_tables
from nevus.readers.options import SiimIsic2020Options
from nevus.readers.siim_isic_2020_rows import DUPLICATES, WITHOUT_LABELS, is_duplicates, sound, to_records
from nevus.readers.tables import find_table, read_table
from nevus.tfrecord.shards import is_shard

PAGE = "docs/how_to/read_siim_isic_2020.md"

logger = logging.getLogger(__name__)


def read(source: Source | None, options: SiimIsic2020Options, *, size: int) -> Listing:
    """List the images of SIIM-ISIC 2020.

    Args:
        source: The folder or the zip.
        options: JPEGs or shards; what becomes of duplicates and of the competition's test images.
        size: Not needed: the images are listed as they are.

    Returns:
        Records with `image_id` such as "ISIC_2637011" and `group_id` the patient. In shards patient, sex, site and
        diagnosis are usually numbers; they are kept as text. What the options leave out is logged, not quarantined.

    Raises:
        SourceError: There is no source, a table is missing or lacks a column, no shard holds what is wanted, or no
            image has a label.
    """
    if source is None:
        raise SourceError(f"The reader 'siim_isic_2020' needs files, but the catalog names none. See {PAGE}.")
    layout = siim_isic_2020_shards if options.files == "tfrecord" else siim_isic_2020_tables
    found = layout.collect(source, options)
    rows, aside, warnings = sound(found.rows, named_by=found.named_by, coded_sex=found.coded_sex)
    quarantine = pd.concat([found.quarantine, aside], ignore_index=True)
    rows = _place_test_images(rows, options)
    if options.official_duplicates:
        rows = _without_duplicates(rows, source)
    if not (rows["split"] == "labeled").any():
        raise SourceError(_nothing_labeled(quarantine, source, options))
    records = to_records(rows)
    warnings = warnings[warnings["file"].isin(records["file"])].reset_index(drop=True)
    return Listing(records, quarantine, found.source, warnings=warnings)


def duplicates(pairs: Iterable[tuple[str, str]], present: Iterable[str]) -> set[str]:
    """What to leave out so that of each set of duplicates one stays, whatever the order of the pairs.

    Args:
        pairs: Ids of two images that are one.
        present: Ids that are there; pairs with an id that is not are ignored, so that no image is left out for one
            that is missing.

    Returns:
        Ids.
    """
    ids, kept_for = set(present), dict[str, str]()

    def kept(name: str) -> str:
        while name in kept_for:
            name = kept_for[name]
        return name

    for first, second in pairs:
        if first in ids and second in ids and kept(first) != kept(second):
            kept_for[kept(second)] = kept(first)
    return set(kept_for)


def _place_test_images(rows: Table, options: SiimIsic2020Options) -> Table:
    hidden = rows["split"] == WITHOUT_LABELS
    if options.test_images != "leave_out":
        return rows.assign(split=rows["split"].where(~hidden, options.test_images))
    if hidden.any():
        logger.info("Left out %s test images, which have no labels (siim_isic_2020.test_images).", f"{hidden.sum():,}")
    return rows[~hidden]


def _without_duplicates(rows: Table, source: Source) -> Table:
    names = source.names()
    if not any(map(is_duplicates, names)):
        logger.warning("The source has no %s: duplicates stay in. See %s.", DUPLICATES, PAGE)
        return rows
    pairs = read_table(source, find_table(names, DUPLICATES), required=["image_name_1", "image_name_2"])
    both = zip(pairs["image_name_1"], pairs["image_name_2"], strict=True)
    rest = rows["split"] != "test"  # a submission wants them all
    dropped = duplicates(both, rows.loc[rest, "image_name"])
    logger.info("Left out %s images that the official list calls duplicates of others.", f"{len(dropped):,}")
    return rows[~rows["image_name"].isin(dropped)]


def _nothing_labeled(quarantine: Table, source: Source, options: SiimIsic2020Options) -> str:
    names = source.names()
    shards = sum(is_shard(name) for name in names)
    kinds = quarantine["reason"].str.split(":").str[0].value_counts().head(3)
    found = "; ".join(f"{count:,} x {kind}" for kind, count in kinds.items()) or "nothing set aside"
    hint = f" {shards:,} of the files are TFRecord shards: set ingestion.siim_isic_2020.files to tfrecord to read them."
    return (
        f"Wanted labelled images of SIIM-ISIC 2020 (as {options.files}), but none of {len(names):,} files became one "
        f"({found}).{hint if shards and options.files == 'jpeg' else ''} See {PAGE} for the layout."
    )
