"""The template that every method is an instance of, under a namespace of its own.

Inside a template datasets have short names; the namespace puts the method's name in front: `history` of the method
`ssgan` is `ssgan.history`, and that of its baseline `ssgan.baseline.history`.
"""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.floors.nodes import predict_colour_svm, predict_majority
from nevus.pipelines.inference.nodes import predict_test
from nevus.pipelines.ingestion.pipeline import SHARED, splitting
from nevus.pipelines.instances import bind, instance
from nevus.pipelines.methods import METHODS
from nevus.pipelines.relink.pipeline import without_siblings
from nevus.pipelines.reporting.pipeline import create_pipeline as reporting

VIEWS = {"corpus@training", "corpus@validation", "corpus@test", "finished_runs"}
BASELINE = "baseline"


def create_pipeline(name: str) -> Pipeline:
    """Packed images to a trained, scored and reported method, beside its baseline and the floors.

    Args:
        name: Of the method, as in `METHODS`.

    Returns:
        Nodes `{name}.assign_splits`, `{name}.fit`, `{name}.baseline.fit`, `{name}.evaluate` and so on.
    """
    method = METHODS[name]
    template = splitting(trains=True, reads_unlabeled=method.family.reads_unlabeled) + training(name) + floors()
    if method.baseline is not None:
        template += instance(training(method.baseline), BASELINE, keep=VIEWS)
    template += reporting(baseline=method.baseline is not None, generator="samples" in method.family.makes)
    return instance(template, name, keep={*SHARED, "finished_runs"}, inputs=of_baseline(name), tags=name)


def unrelated(name: str) -> Pipeline:
    """Score a finished method once more, without test images whose lesion also trains."""
    template = reporting(baseline=METHODS[name].baseline is not None, generator=False)
    return without_siblings(template.filter(node_names=["evaluate"]), name, of_baseline(name))


def of_baseline(name: str) -> dict[str, str]:
    """What the evaluation of a method reads of its baseline: its own names for it, and those of the catalog."""
    return {f"{BASELINE}_{what}": f"{name}.{BASELINE}.{what}" for what in ("classifier", "predictions")}


def training(name: str, *, parameters: str | None = None, finished: str = "finished_runs") -> Pipeline:
    """The nodes that train a method and predict the test images with it.

    Args:
        name: Of the method, as in `METHODS`.
        parameters: Where its parameters are; None for the block of its name.
        finished: Dataset of the runs that it may build on.
    """
    family = METHODS[name].family
    fit = Node(
        bind(family.fit, params=family.params, method=name),
        {
            "training": "corpus@training",
            "validation": "corpus@validation",
            "params": parameters or f"params:{name}",
            "seed": "params:seed",
            "variant": "params:variant",
            "checkpoints": "checkpoints",
            "finished": finished,
        },
        ["classifier", "history", *family.makes],
        name="fit",
        tags="training",
    )
    return Pipeline([fit, predicting()])


def predicting() -> Node:
    """The node that gives the test images their probabilities."""
    return Node(predict_test, ["classifier", "corpus@test"], "predictions", name="predict", tags="inference")


def floors() -> Pipeline:
    """What a score has to beat: the majority class, and colour without shape."""
    inputs = ["corpus@training", "corpus@test"]
    return Pipeline(
        [
            Node(predict_majority, inputs, "majority", name="predict_majority"),
            Node(predict_colour_svm, inputs, "colour_svm", name="predict_colour_svm"),
        ],
        tags="floors",
    )
