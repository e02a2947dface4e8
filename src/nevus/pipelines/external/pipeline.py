"""Anybody's predictions of the test images, scored and reported as those of any method."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.external.nodes import METHOD, describe, read_predictions
from nevus.pipelines.ingestion.pipeline import SHARED, splitting
from nevus.pipelines.instances import instance
from nevus.pipelines.method import floors
from nevus.pipelines.reporting.pipeline import create_pipeline as reporting


def create_pipeline() -> Pipeline:
    """Packed images and a table of predictions to scores beside the floors, and a page."""
    params = f"params:{METHOD}"
    described = ["corpus@training", params, "params:seed", "params:variant"]
    template = splitting(trains=True) + Pipeline(
        [
            Node(read_predictions, ["handed_predictions", "corpus@test", params], "predictions", name="read"),
            Node(describe, described, "classifier", name="describe"),
        ]
    )
    template += floors() + reporting(baseline=False, generator=False, trained=False, network=False)
    return instance(template, METHOD, keep={*SHARED, "handed_predictions"}, tags=METHOD)
