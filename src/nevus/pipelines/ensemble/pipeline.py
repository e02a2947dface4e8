"""Finished runs whose probabilities are averaged, as a run of its own."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.ensemble.nodes import combine
from nevus.pipelines.ingestion.pipeline import SHARED, splitting
from nevus.pipelines.instances import instance
from nevus.pipelines.method import floors, predicting
from nevus.pipelines.reporting.pipeline import create_pipeline as reporting

NAME = "ensemble"


def create_pipeline() -> Pipeline:
    """The classifiers of finished runs to one that averages them, scored and reported as any method is."""
    inputs = {
        "finished": "finished_runs",
        "training": "corpus@training",
        "params": f"params:{NAME}",
        "seed": "params:seed",
        "variant": "params:variant",
    }
    template = splitting(trains=True) + Pipeline(
        [Node(combine, inputs, "classifier", name="combine", tags="training"), predicting()]
    )
    template += floors() + reporting(baseline=False, generator=False, trained=False)
    return instance(template, NAME, keep={*SHARED, "finished_runs"}, tags=NAME)
