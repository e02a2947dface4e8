"""What each idea adds to the one before: rungs that are trained in one run, with as many labelled updates each."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.ingestion.pipeline import SHARED, splitting
from nevus.pipelines.instances import instance
from nevus.pipelines.ladder import nodes
from nevus.pipelines.method import VIEWS, floors, training
from nevus.pipelines.reporting.pipeline import LEDGER, LEDGER_ENTRY, SEEN

NAME = nodes.NAME
START = "features"  # whose features the last rung starts from; no rung of its own
# The method that each part trains, by the name of its block in the parameters, from the lowest rung to the highest.
PARTS = {
    "labels": "labeled_only",
    "consistency": "mean_teacher",
    "gan": "ssgan",
    START: "simclr",
    "start": "ssgan",
}
RUNGS = [name for name in PARTS if name != START]
OF_PARTS = ("classifier", "predictions", "history")  # what the page reads of them


def create_pipeline() -> Pipeline:
    """Packed images to all rungs, the floors, and one page that compares each rung with the one below it."""
    template = splitting(trains=True, reads_unlabeled=True) + floors()
    for name, method in PARTS.items():
        runs = "runs" if name == "start" else "finished_runs"
        part = training(method, parameters=f"params:{NAME}.{name}", finished=runs)
        template += instance(part if name in RUNGS else part.only_nodes("fit"), name, keep={*VIEWS, runs})
    template += Pipeline([Node(nodes.hand_over, "features_classifier", "runs", name="hand_over", tags="training")])
    template += reporting()
    made = {f"{name}_{what}": f"{NAME}.{name}.{what}" for name in PARTS for what in OF_PARTS}
    return instance(template, NAME, keep={*SHARED, "finished_runs"}, inputs=made, tags=NAME)


def reporting() -> Pipeline:
    """Score and compare the rungs."""
    inputs = {"options": "params:evaluation", "seen": SEEN, "majority": "majority", "colour_svm": "colour_svm"}
    compared = {"options": "params:evaluation", "metrics": "metrics", "comparison": "comparison"}
    told = {"classifier": f"{RUNGS[-1]}_classifier", "predictions": f"{RUNGS[-1]}_predictions"}
    told |= {"corpus_summary": "corpus_summary", "rungs": "rungs", "ledger": LEDGER} | {
        name: f"{name}_history" for name in PARTS
    }
    inputs["highest"] = told["classifier"]
    predictions = {name: f"{name}_predictions" for name in RUNGS}
    return Pipeline(
        [
            Node(nodes.compare, inputs | predictions, ["metrics", "comparison", LEDGER_ENTRY], name="compare"),
            Node(nodes.draw_ladder, compared, "rungs", name="draw_rungs"),
            Node(nodes.write_page, compared | told, "report", name="report"),
        ],
        tags="reporting",
    )
