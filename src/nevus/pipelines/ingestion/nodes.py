"""From raw files to one corpus."""

from nevus.contracts import Corpus, CorpusRecipe, Figure, Listing, Source, Table
from nevus.pipelines.ingestion.params import IngestionParams


def pack_corpus(source: Source | None, options: IngestionParams) -> CorpusRecipe:
    """List the source by its reader and say how to decode it; the dataset decodes only what has changed.

    Args:
        source: Raw files; None for images that are drawn, not read.
        options: Format, size and limits.

    Returns:
        A recipe for the corpus.
    """
    from nevus.corpus.pack import recipe

    return recipe(
        list_images(source, options),
        size=options.size,
        chunk=options.chunk,
        max_pixels=options.max_pixels,
        max_quarantined_share=options.max_quarantined_share,
    )


def list_images(source: Source | None, options: IngestionParams) -> Listing:
    """Hand the source to the reader of its format."""
    from nevus.readers import melanoma_detection, phantom

    if options.format == "phantom":
        return phantom.read(options.phantom, size=options.size)
    return melanoma_detection.read(source)


def summarise_corpus(manifest: Table, quarantine: Table) -> Table:
    """Count the images by split and diagnosis.

    Args:
        manifest: One row an image.
        quarantine: One row a file set aside.

    Returns:
        Columns `split`, `class`, `images`, `groups`; the files set aside are the last row.
    """
    import pandas as pd

    from nevus.contracts import CLASSES

    names = manifest["label"].map(dict(enumerate(CLASSES))).astype("object").fillna("unknown")
    groups = manifest["group_id"].fillna(manifest["image_id"])
    counted = (
        pd.DataFrame({"split": manifest["split"], "class": names, "group": groups})
        .groupby(["split", "class"], sort=False)["group"]
        .agg(images="size", groups="nunique")
        .reset_index()
    )
    aside = pd.DataFrame({"split": ["quarantined"], "class": ["-"], "images": [len(quarantine)], "groups": [0]})
    return pd.concat([counted, aside], ignore_index=True)


def draw_contact_sheet(training: Corpus) -> Figure:
    """Show labelled images of each class side by side.

    Args:
        training: The corpus without the test split.

    Returns:
        A figure.
    """
    from nevus.plots.contact_sheet import contact_sheet

    labeled = training.manifest[training.manifest["split"] == "labeled"]
    return contact_sheet(training.pixels[labeled["row"].to_numpy()], labeled["label"].to_numpy(dtype="int64"))
