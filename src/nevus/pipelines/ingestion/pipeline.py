"""Raw files to packed images, and packed images to one split each."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.ingestion.nodes import (
    assign_splits,
    describe_corpus,
    draw_contact_sheet,
    find_duplicate_images,
    pack_corpus,
    summarise_corpus,
)
from nevus.pipelines.instances import bind

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


def describing() -> Pipeline:
    """Packed images to their Croissant metadata; to hash all pixels takes a while, so only who ingests does it."""
    inputs = ["packed@corpus", "params:ingestion"]
    return Pipeline([Node(describe_corpus, inputs, "corpus_croissant", name="describe_corpus")], tags="ingestion")


def splitting(*, trains: bool, reads_unlabeled: bool = False) -> Pipeline:
    """Packed images to `corpus@...`, which are views of the same images once each has its split.

    Every method splits for itself: two runs with other label budgets, side by side, change nothing for one another.

    Args:
        trains: Whether a training follows: to look at data, a label budget that is too large is no reason to stop.
        reads_unlabeled: Whether that cannot do without unlabelled images.
    """
    return Pipeline(
        [
            Node(
                bind(assign_splits, trains=trains, reads_unlabeled=reads_unlabeled),
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
    return packing() + splitting(trains=False)
