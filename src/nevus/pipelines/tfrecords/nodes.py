"""Nodes that choose what is written as TFRecord shards, and that look at shards."""

import logging
from typing import cast

from nevus.contracts import Corpus, Figure, Pixels, Source, SourceError, Table
from nevus.pipelines.tfrecords.params import TfrecordsParams

_log = logging.getLogger(__name__)


def select_records(packed: Corpus, assignment: Table, options: TfrecordsParams) -> Corpus:
    """Choose the images to write, and how many augmented copies of which training images.

    Args:
        packed: All packed images.
        assignment: The split and label of each; images without a split are not written.
        options: What to write.

    Returns:
        Images and copies; the pixels of copies are drawn when they are read.
    """
    from nevus.augment.corpus import with_training_copies
    from nevus.pipelines.tfrecords.selection import assigned

    return with_training_copies(assigned(packed, assignment, options), options.copies)


def check_records(source: Source | None, options: TfrecordsParams) -> tuple[Table, Table, Table, Table, Table]:
    """Read every record of every shard, with its checksums and its image.

    Args:
        source: Shards that nevus or somebody else wrote.
        options: For the limit of an image's size.

    Returns:
        `shards` (counts of each), `balance` (records by split and target), `broken` (what cannot be used, and why),
        `records` (where each good one is) and `summary` (one row a split).

    Raises:
        SourceError: There is no source, or no shard in it.
    """
    from nevus.corpus.decode import decode
    from nevus.pipelines.tfrecords.findings import summarise
    from nevus.tfrecord.check import check

    if source is None:
        raise SourceError(
            "Wanted TFRecord shards to check, but this environment's data is drawn, not read. Name their folder: "
            "kedro run --pipeline=check_tfrecords --env=siim_isic_2020 --params source=/path/to/shards"
        )

    def fault(image: bytes) -> str | None:
        found = decode([image], options.check.size, max_pixels=options.check.max_pixels, resize="squash")
        return found.errors.get(0)

    report = check(source, fault=fault)
    for kind, count in report.broken["reason"].str.split(":").str[0].value_counts().items():
        _log.warning("%s broken: %s (each is listed in tfrecords.broken)", f"{count:,}", kind)
    return report.shards, report.balance, report.broken, report.records, summarise(report)


def draw_records(source: Source, records: Table, options: TfrecordsParams) -> Figure:
    """Show images of each class as they are in the shards.

    Args:
        source: The shards.
        records: Where each good record is.
        options: How many are shown, and how large.

    Returns:
        A figure; records without a target have a panel of their own.
    """
    from nevus.pipelines.tfrecords.findings import RecordPixels, class_names, nothing_to_show
    from nevus.plots.contact_sheet import contact_sheet

    if records.empty:
        return nothing_to_show()
    labels, classes = class_names(source, records["target"])
    pixels = RecordPixels(source, records, size=options.check.size, max_pixels=options.check.max_pixels)
    return contact_sheet(
        cast("Pixels", pixels),  # only what is shown is decoded
        labels,
        classes=classes,
        rows=options.check.rows,
        title="Images of the TFRecord shards by target",
    )
