"""Images that lost their lesion ids to the originals that have them."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.relink.nodes import drop_siblings, relink_images, summarise_relink


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
        evaluation: Nodes that turn `*.predictions` into scores.

    Returns:
        The same nodes in the namespace `unrelated`, fed with what `relink.matches` leaves of the predictions on disk.
    """
    tables = sorted(name for name in evaluation.inputs() if name.endswith(".predictions"))
    drops = [
        Node(
            drop_siblings,
            ["relink.matches", "corpus@assignment", table, "params:relink"],
            f"unrelated.{table}",
            name=f"drop_siblings_from_{table.removesuffix('.predictions')}",
        )
        for table in tables
    ]
    options = {name for name in evaluation.inputs() if name.startswith("params:")}
    return Pipeline(drops, tags="relink") + Pipeline(
        evaluation, namespace="unrelated", parameters=options, tags="relink"
    )
