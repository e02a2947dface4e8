"""Features of all images, for whoever wants to search, group or classify them."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.features.nodes import embed_images


def create_pipeline() -> Pipeline:
    """Packed images to `features`."""
    inputs = {"packed": "packed@corpus", "options": "params:features", "seed": "params:seed"}
    return Pipeline([Node(embed_images, inputs, "features", name="features.embed_images")], tags="features")
