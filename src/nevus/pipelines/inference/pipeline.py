"""A finished run on images that nobody has labelled."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.inference.nodes import score_test_images


def create_pipeline() -> Pipeline:
    """Packed images to `scored_images`."""
    inputs = {"packed": "packed@corpus", "finished": "finished_runs", "params": "params:inference"}
    return Pipeline(
        [Node(score_test_images, inputs, "scored_images", name="inference.score_test_images")], tags="inference"
    )
