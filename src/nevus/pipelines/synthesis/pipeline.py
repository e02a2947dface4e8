"""Packed images to a generator, and how good its images are."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.ingestion.pipeline import SHARED, splitting
from nevus.pipelines.instances import instance
from nevus.pipelines.synthesis.nodes import METHOD, fit_generator
from nevus.pipelines.synthesis.pool import hold_out_images


def create_pipeline() -> Pipeline:
    """Packed images to a trained and judged generator, under the namespace `synthesis`."""
    template = splitting(trains=True) + training()
    return instance(template, METHOD, keep=set(SHARED), tags=METHOD)


def training() -> Pipeline:
    """The nodes that choose images and train a generator on them."""
    how = {"params": f"params:{METHOD}", "seed": "params:seed"}
    drawn = {"training": "corpus@training", "duplicates": "duplicates", **how}
    fitted = {
        "training": "corpus@training",
        "parts": "parts",
        "variant": "params:variant",
        "checkpoints": "checkpoints",
        **how,
    }
    made = ["generator", "history", "quality", "samples", "progress"]
    return Pipeline(
        [
            Node(hold_out_images, drawn, "parts", name="hold_out_images"),
            Node(fit_generator, fitted, made, name="fit", tags="training"),
        ]
    )
