"""Images that lost their lesion ids to the originals that have them."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.relink.nodes import drop_siblings, relink_images, summarise_relink

PREDICTIONS = (".predictions", ".majority", ".colour_svm")


def create_pipeline() -> Pipeline:
    """Both corpora have been packed before, each by `kedro run --pipeline=ingestion` with its own environment."""
    return Pipeline(
        [
            Node(
                relink_images,
                ["packed@corpus", "relink.originals", "params:relink"],
                "relink.matches",
                name="relink_images",
            ),
            Node(
                summarise_relink,
                ["packed@corpus", "relink.matches"],
                "relink.summary",
                name="summarise_relink",
            ),
        ],
        tags="relink",
    )


def without_siblings(evaluation: Pipeline) -> Pipeline:
    """Score a finished run once more, on the test images whose lesion has no other image among those that train.

    Args:
        evaluation: The node of a method that turns predictions into scores, such as `ssgan.evaluate`.

    Returns:
        The same node in the namespace `unrelated`, fed with what `relink.matches` leaves of the predictions on disk.
    """
    method = evaluation.nodes[0].namespace
    tables = sorted(name for name in evaluation.inputs() if name.endswith(PREDICTIONS))
    drops = [
        Node(
            drop_siblings,
            ["relink.matches", f"{method}.corpus@assignment", table, "params:relink"],
            f"unrelated.{table}",
            name=f"drop_siblings_from_{table}",
        )
        for table in tables
    ]
    kept = evaluation.inputs() - set(tables)
    options = {name for name in kept if name.startswith("params:")}
    return Pipeline(drops, tags="relink") + Pipeline(
        evaluation, namespace="unrelated", inputs=kept - options, parameters=options, tags="relink"
    )
