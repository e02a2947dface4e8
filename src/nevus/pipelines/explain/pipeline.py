"""What a finished run says of one image, and why."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.explain.nodes import draw, explain_image, write_page
from nevus.pipelines.instances import instance


def create_pipeline() -> Pipeline:
    """One image to `explain.page`."""
    handed = {
        "image": "image",
        "training_images": "training_images",
        "finished": "finished_runs",
        "tracked": "tracked_models",
    }
    params = {name: f"params:{name}" for name in ("ingestion", "evaluation")}
    template = Pipeline(
        [
            Node(explain_image, {**handed, **params, "params": "params:explain"}, "answer", name="explain_image"),
            Node(draw, "answer", "figure", name="draw"),
            Node(write_page, ["answer", "figure"], "page", name="write_page"),
        ]
    )
    return instance(template, "explain", keep=set(handed.values()), tags="explain")
