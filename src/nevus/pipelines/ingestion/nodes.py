"""From raw files to one corpus."""

import logging
from dataclasses import replace
from typing import Any, get_args

from nevus.contracts import Corpus, CorpusRecipe, Figure, Listing, Source, SourceError, Table
from nevus.corpus.options import DuplicateOptions, SplitOptions
from nevus.pipelines.ingestion.params import IngestionParams

logger = logging.getLogger(__name__)


def pack_corpus(source: Source | None, options: IngestionParams) -> CorpusRecipe:
    """List the source by its reader and say how to decode it; the dataset decodes only what has changed.

    Args:
        source: Raw files; None for images that are drawn, not read.
        options: Format, size and limits.

    Returns:
        A recipe for the corpus.
    """
    from nevus.corpus.chunks import refuse_stand_ins
    from nevus.corpus.pack import recipe

    listing = list_images(source, options)
    if source is not None:
        refuse_stand_ins(listing.source, listing.records["file"].tolist())
    packing = recipe(
        listing,
        size=options.size,
        resize=options.resize,
        chunk=options.chunk,
        workers=options.workers,
        max_pixels=options.max_pixels,
        max_quarantined_share=options.max_quarantined_share,
    )
    unread = set(get_args(type(options).model_fields["format"].annotation)) - {options.format}
    return replace(packing, origin=options.model_dump(mode="json", exclude=unread))


def describe_corpus(packed: Corpus, options: IngestionParams) -> dict[str, Any]:
    """Describe the packed corpus for machines, as Croissant metadata.

    Args:
        packed: All packed images.
        options: Format and resizing.

    Returns:
        JSON-LD without the files, which the dataset adds.
    """
    from nevus.corpus.croissant import describe

    return describe(packed, format=options.format, resize=options.resize)


def list_images(source: Source | None, options: IngestionParams) -> Listing:
    """Hand the source to the reader of its format.

    Raises:
        SourceError: By the reader. Where the files look like those of another format, the message names its
            environment.
    """
    from importlib import import_module

    from nevus.readers.layouts import remedy
    from nevus.readers.names import sort_names

    reader = import_module(f"nevus.readers.{options.format}")  # the parameter's type lists the formats
    try:
        listing: Listing = reader.read(source, getattr(options, options.format), size=options.size)
    except SourceError as error:
        helps = "" if source is None else remedy(sort_names(source.names()), options.format)
        if helps in str(error):  # said by the reader itself, or nothing to say
            raise
        raise SourceError(f"{error} {helps}") from error
    if len(listing.warnings):
        counts = ", ".join(f"{column} {count:,}" for column, count in listing.warnings["column"].value_counts().items())
        logger.warning(
            "Details that cannot be read are taken as unknown, and the images stay: %s. The first: %s, %s. All are in "
            "warnings.csv in the folder of the packed corpus.",
            counts,
            listing.warnings["file"].iloc[0],
            listing.warnings["reason"].iloc[0],
        )
    return listing


def find_duplicate_images(packed: Corpus, options: DuplicateOptions, ingestion: IngestionParams) -> Table:
    """Find images that are one: the same bytes or pixels, or nearly the same picture in any symmetry of the square.

    Args:
        packed: All packed images.
        options: How alike is nearly the same.
        ingestion: For `resize`: the bars of padded images do not count.

    Returns:
        One row a pair.
    """
    from nevus.corpus.duplicates import find_duplicates

    return find_duplicates(packed, options, resize=ingestion.resize)


def assign_splits(
    packed: Corpus,
    duplicates: Table,
    options: SplitOptions,
    ingestion: IngestionParams,
    *,
    trains: bool,
    reads_unlabeled: bool = False,
) -> Table:
    """Decide which images train, choose and test: official or held out, less duplicates, within the label budget.

    Args:
        packed: All packed images, with the splits of the source.
        duplicates: Pairs of images that are one.
        options: What to draw and what to remove.
        ingestion: For `resize`: the bars of padded images make no outliers.
        trains: Whether a training follows, which a label budget that a class cannot meet stops.
        reads_unlabeled: Whether that cannot do without unlabelled images.

    Returns:
        One row an image: `split` (null: left out), `label` (null: hidden), and the `reason` of any change.

    Raises:
        CorpusError: The budget is too large for a class, or no image is unlabelled where some have to be.
    """
    from nevus.corpus.outliers import leave_out
    from nevus.corpus.split import assign
    from nevus.corpus.views import require_unlabeled

    assignment = assign(packed.manifest, duplicates, options, classes=packed.classes, trains=trains)
    if options.outliers == "remove":
        assignment = leave_out(packed, assignment, resize=ingestion.resize, threshold=options.outlier_threshold)
    if reads_unlabeled:  # here, and not when the baseline has been trained
        require_unlabeled(assignment, packed.classes)
    assignment.attrs["splits"] = options.model_dump(mode="json")  # kept with the table, so that a training knows
    kinds = assignment["reason"].dropna().str.split(":").str[0].value_counts()
    for kind, count in kinds.items():  # what a run leaves out must not go unseen
        logger.info("%s images: %s", f"{count:,}", kind)
    return assignment


def summarise_corpus(packed: Corpus, assignment: Table, quarantine: Table) -> Table:
    """Count the images by split and class.

    Args:
        packed: All packed images.
        assignment: The split and label of each.
        quarantine: One row a file set aside.

    Returns:
        Columns `split`, `class`, `images`, `groups`; the images left out and the files set aside are the last rows.
    """
    import pandas as pd

    groups = packed.manifest["group_id"].fillna(packed.manifest["image_id"])
    names = assignment["label"].map(dict(enumerate(packed.classes))).astype("object").fillna("unknown")
    used = assignment["split"].notna()
    counted = (
        pd.DataFrame({"split": assignment["split"], "class": names, "group": groups})[used]
        .groupby(["split", "class"], sort=False)["group"]
        .agg(images="size", groups="nunique")
        .reset_index()
    )
    rest = pd.DataFrame(
        {
            "split": ["left out", "quarantined"],
            "class": ["-", "-"],
            "images": [int((~used).sum()), len(quarantine)],
            "groups": [groups[~used].nunique(), 0],
        }
    )
    return pd.concat([counted, rest], ignore_index=True)


def draw_contact_sheet(training: Corpus) -> Figure:
    """Show labelled images of each class side by side.

    Args:
        training: The corpus without the test split.

    Returns:
        A figure.
    """
    from nevus.corpus.views import select
    from nevus.plots.contact_sheet import contact_sheet

    labeled = select(training, "labeled")
    labels = labeled.manifest["label"].to_numpy(dtype="int64")
    return contact_sheet(labeled.pixels, labels, classes=training.classes)
