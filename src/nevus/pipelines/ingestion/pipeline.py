"""Raw files to packed images, and packed images to one split each."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.ingestion.nodes import (
    assign_splits,
    draw_contact_sheet,
    find_duplicate_images,
    pack_corpus,
    summarise_corpus,
)

# What all methods share: packed once, whatever is trained on it and however it is split.
SHARED = {"packed@corpus", "packed@quarantine", "duplicates"}


def packing() -> Pipeline:
    """Raw files to `packed@...`, which are views of the packed images, and the pairs of them that are one image."""
    return Pipeline(
        [
            Node(pack_corpus, ["source", "params:ingestion"], "packed@recipe", name="pack_corpus"),
            Node(
                find_duplicate_images,
                ["packed@corpus", "params:duplicates", "params:ingestion"],
                "duplicates",
                name="find_duplicate_images",
            ),
        ],
        tags="ingestion",
    )


def splitting() -> Pipeline:
    """Packed images to `corpus@...`, which are views of the same images once each has its split.

    Every method splits for itself: two runs with other label budgets, side by side, change nothing for one another.
    """
    return Pipeline(
        [
            Node(
                assign_splits,
                ["packed@corpus", "duplicates", "params:splits", "params:ingestion"],
                "corpus@assignment",
                name="assign_splits",
            ),
            Node(
                summarise_corpus,
                ["packed@corpus", "corpus@assignment", "packed@quarantine"],
                "corpus_summary",
                name="summarise_corpus",
            ),
            Node(draw_contact_sheet, "corpus@training", "contact_sheet", name="draw_contact_sheet"),
        ],
        tags="ingestion",
    )


def create_pipeline() -> Pipeline:
    """Raw files to packed and split images, their counts and a contact sheet."""
    return packing() + splitting()
