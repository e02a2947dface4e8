"""A corpus to TFRecord shards, and a check of shards, ours or others'."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.instances import instance
from nevus.pipelines.tfrecords.nodes import check_records, draw_records, select_records

WRITTEN, SHARDS = "tfrecords@written", "tfrecords@shards"
FINDINGS = ("shards", "balance", "broken", "records", "summary")


def create_pipeline() -> Pipeline:
    """Packed images and assignment to `tfrecords@written`; then the check reads what was written."""
    select = Node(
        select_records,
        ["packed@corpus", "corpus@assignment", "params:tfrecords"],
        WRITTEN,
        name="select_records",
    )
    return Pipeline([select], tags="tfrecords") + checks("tfrecords", SHARDS)


def create_check_pipeline() -> Pipeline:
    """The same check of whatever `source` holds; its findings are `check_tfrecords.*`."""
    return checks("check_tfrecords", "source")


def checks(namespace: str, shards: str) -> Pipeline:
    """Shards to tables of what is in them, and a contact sheet, under a namespace.

    Args:
        namespace: Of the findings.
        shards: Dataset that is checked.
    """
    template = Pipeline(
        [
            Node(check_records, ["checked", "params:tfrecords"], list(FINDINGS), name="check_records"),
            Node(draw_records, ["checked", "records", "params:tfrecords"], "sheet", name="draw_records"),
        ]
    )
    return instance(template, namespace, inputs={"checked": shards}, tags="tfrecords")
