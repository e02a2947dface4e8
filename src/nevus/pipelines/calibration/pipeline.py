"""A finished run whose probabilities mean what they say, as a run of its own."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.calibration.nodes import METHOD, calibrate, read_model
from nevus.pipelines.calibration.page import write_page
from nevus.pipelines.calibration.report import (
    cover,
    draw_before_and_after,
    draw_label_errors,
    draw_sets,
    rank_label_errors,
)
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
    template += Pipeline(after) + results() + floors() + reporting(baseline=True, generator=False, trained=False)
    kept = {*SHARED, "finished_runs", "out_of_fold"}
    return instance(template, METHOD, keep=kept, inputs=of_baseline(METHOD), tags="calibration")


def results() -> Pipeline:
    """What the calibration gave, on a page of its own."""
    options, params, scored = "params:evaluation", "params:calibration", ["classifier", "predictions"]
    tables = ("classifier", "held_out", "metrics", "comparison", "coverage", "label_errors")
    shown = ("before_and_after", "sets", "suspects")
    told = {"options": options, "params": params} | {name: name for name in (*tables, *shown)}
    covered = {"options": options, "params": params, "held_out": "held_out"} | {name: name for name in scored}
    return Pipeline(
        [
            Node(
                draw_before_and_after, [options, *scored, f"{BASELINE}_predictions"], shown[0], name=f"draw_{shown[0]}"
            ),
            Node(cover, covered, "coverage", name="cover"),
            Node(draw_sets, [options, params, "coverage"], "sets", name="draw_sets"),
            Node(rank_label_errors, ["classifier", "held_out"], "label_errors", name="rank_label_errors"),
            Node(draw_label_errors, [params, "corpus@training", "label_errors"], "suspects", name="draw_label_errors"),
            Node(write_page, told, "page", name="write_page"),
        ],
        tags="reporting",
    )
