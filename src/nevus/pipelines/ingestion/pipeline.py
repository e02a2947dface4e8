"""Raw files to one corpus, its counts and a contact sheet."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.ingestion.nodes import draw_contact_sheet, pack_corpus, summarise_corpus


def create_pipeline() -> Pipeline:
    """`corpus@...` are views of one thing: what was packed, the manifest, or the pixels of some splits only."""
    return Pipeline(
        [
            Node(pack_corpus, ["source", "params:ingestion"], "corpus@packed", name="pack_corpus"),
            Node(summarise_corpus, ["corpus@manifest", "corpus@quarantine"], "corpus_summary", name="summarise_corpus"),
            Node(draw_contact_sheet, "corpus@training", "contact_sheet", name="draw_contact_sheet"),
        ],
        tags="ingestion",
    )
