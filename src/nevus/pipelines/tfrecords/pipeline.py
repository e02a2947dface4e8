"""A corpus to TFRecord shards, and a check of shards, ours or others'."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.tfrecords.nodes import check_records, draw_records, select_records

SHARDS = "tfrecords@shards"
FINDINGS = ("shards", "balance", "broken", "records", "summary")


def create_pipeline() -> Pipeline:
    """Packed images and assignment to `tfrecords@written`; then the check reads what was written."""
    select = Node(
        select_records,
        ["packed@corpus", "corpus@assignment", "params:tfrecords"],
        "tfrecords@written",
        name="select_records",
    )
    return Pipeline([select], tags="tfrecords") + checks()


def checks() -> Pipeline:
    """Shards to `tfrecords.*`: tables of what is in them, and a contact sheet."""
    return Pipeline(
        [
            Node(
                check_records,
                [SHARDS, "params:tfrecords"],
                [f"tfrecords.{name}" for name in FINDINGS],
                name="check_records",
            ),
            Node(
                draw_records,
                [SHARDS, "tfrecords.records", "params:tfrecords"],
                "tfrecords.sheet",
                name="draw_records",
            ),
        ],
        tags="tfrecords",
    )


def create_check_pipeline() -> Pipeline:
    """The same check of whatever `source` holds; its findings are `check_tfrecords.*`."""
    outputs = {f"tfrecords.{name}": f"check_tfrecords.{name}" for name in (*FINDINGS, "sheet")}
    return Pipeline(checks(), inputs={SHARDS: "source"}, outputs=outputs)
