"""A finished run whose probabilities mean what they say, as a run of its own."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.calibration.nodes import METHOD, calibrate, read_model
from nevus.pipelines.ingestion.pipeline import SHARED, splitting
from nevus.pipelines.instances import instance
from nevus.pipelines.method import BASELINE, floors, of_baseline, predicting
from nevus.pipelines.reporting.pipeline import create_pipeline as reporting


def create_pipeline() -> Pipeline:
    """A finished run and the out-of-fold predictions of its method to a calibrated run, scored beside the former."""
    how = {"params": "params:calibration", "seed": "params:seed"}
    inputs = {
        "model": f"{BASELINE}_classifier",
        "out_of_fold": "out_of_fold",
        "training": "corpus@training",
        "variant": "params:variant",
        **how,
    }
    before = [Node(read_model, {"finished": "finished_runs", **how}, "classifier", name="read_model"), predicting()]
    after = [
        Node(calibrate, inputs, ["classifier", "held_out"], name="calibrate", tags="training"),
        predicting(),
    ]
    template = splitting(trains=True) + instance(Pipeline(before), BASELINE, keep={"corpus@test", "finished_runs"})
    template += Pipeline(after) + floors() + reporting(baseline=True, generator=False, trained=False)
    kept = {*SHARED, "finished_runs", "out_of_fold"}
    return instance(template, METHOD, keep=kept, inputs=of_baseline(METHOD), tags="calibration")
