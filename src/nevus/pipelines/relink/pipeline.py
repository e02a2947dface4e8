"""Images that lost their lesion ids to the originals that have them."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.instances import instance
from nevus.pipelines.relink.nodes import drop_siblings, relink_images, summarise_relink

TABLES = ("predictions", "majority", "colour_svm")  # of a run; its baseline's tables end likewise


def create_pipeline() -> Pipeline:
    """Both corpora have been packed before, each by `kedro run --pipeline=ingestion` with its own environment."""
    return Pipeline(
        [
            Node(
                relink_images,
                ["packed@corpus", "relink_originals", "params:relink"],
                "relink_matches",
                name="relink_images",
            ),
            Node(summarise_relink, ["packed@corpus", "relink_matches"], "relink_summary", name="summarise_relink"),
        ],
        tags="relink",
    )


def without_siblings(evaluation: Pipeline, method: str, named: dict[str, str]) -> Pipeline:
    """Score a finished run once more, on the test images whose lesion has no other image among those that train.

    Args:
        evaluation: Template that turns predictions into scores.
        method: Whose predictions are scored.
        named: Free inputs of the template that are not called `{method}.{input}`.

    Returns:
        The same nodes as `{method}.unrelated.*`, fed with what `relink_matches` leaves of the predictions on disk.
    """
    data = {name for name in evaluation.inputs() if not name.startswith("params:")}
    tables = sorted(name for name in data if name.endswith(TABLES))
    outside = {name: named.get(name, f"{method}.{name}") for name in data}
    drops = Pipeline(
        [
            Node(
                drop_siblings,
                ["relink_matches", "corpus@assignment", f"all_{table}", "params:relink"],
                table,
                name=f"drop_siblings_from_{table}",
            )
            for table in tables
        ]
    )
    inputs = {name: place for name, place in outside.items() if name not in tables}
    inputs |= {f"all_{table}": outside[table] for table in tables}
    inputs |= {"corpus@assignment": f"{method}.corpus@assignment"}
    return instance(drops + evaluation, f"{method}.unrelated", keep={"relink_matches"}, inputs=inputs, tags="relink")
