"""Raw files to one corpus, its counts and a contact sheet."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.ingestion.nodes import (
    assign_splits,
    draw_contact_sheet,
    find_duplicate_images,
    pack_corpus,
    summarise_corpus,
)


def create_pipeline() -> Pipeline:
    """`packed@...` are views of the packed images, `corpus@...` of the same images once each has its split."""
    return Pipeline(
        [
            Node(pack_corpus, ["source", "params:ingestion"], "packed@recipe", name="pack_corpus"),
            Node(
                find_duplicate_images,
                ["packed@corpus", "params:duplicates", "params:ingestion"],
                "duplicates",
                name="find_duplicate_images",
            ),
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
