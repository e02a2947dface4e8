"""Which images are to be scored."""

from __future__ import annotations

from nevus.contracts import Classifier, CorpusError, Listing, Source
from nevus.pipelines.ingestion.nodes import list_images
from nevus.pipelines.ingestion.params import IngestionParams


def images_of_the_test(source: Source | None, options: IngestionParams, classifier: Classifier, name: str) -> Listing:
    """The images that a source has for testing, in its order.

    Args:
        source: Raw files; None for images that are drawn.
        options: Their format.
        classifier: That is to score them; images that are drawn are drawn at its size.
        name: Of its run, for messages.

    Returns:
        As `nevus.readers.unlabelled.read`.

    Raises:
        CorpusError: There are none, or the classifier tells other classes apart.
        SourceError: By the reader.
    """
    found = list_images(source, options.model_copy(update={"size": classifier.spec["size"]}))
    classes = list(classifier.spec["classes"])
    if classes != list(found.classes):
        raise CorpusError(
            f"{name} tells {', '.join(classes)} apart, but these are images of the classes {', '.join(found.classes)}. "
            "Give the parameters of `ingestion` that it was trained with, name another run by `--params model=`, or "
            "name the images alone by `--params images=`."
        )
    records = found.records[found.records["split"] == "test"].reset_index(drop=True)
    if records.empty:
        raise CorpusError(
            "the source has no test images: nothing of it is in a place or a table for testing. See the page of the "
            "format, docs/how_to, for how a source marks them, or name images by `--params images=`."
        )
    return Listing(records.assign(reason=None), found.quarantine, found.source, found.classes)
