"""A finished run on images that nobody has labelled."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.inference.nodes import score_images


def create_pipeline() -> Pipeline:
    """Images, as they are handed in, to `scored_images`."""
    inputs = {
        "images": "images",
        "source": "source_if_wanted",
        "finished": "finished_runs",
        "tracked": "tracked_models",
        "params": "params:inference",
        "ingestion": "params:ingestion",
        "evaluation": "params:evaluation",
    }
    return Pipeline([Node(score_images, inputs, "scored_images", name="inference.score_images")], tags="inference")
