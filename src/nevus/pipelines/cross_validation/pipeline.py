"""Repeated cross-validation on the labelled training images, of every method in the registry."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.cross_validation.nodes import cross_validate, draw_cross_validation, summarise_cross_validation
from nevus.pipelines.cross_validation.tables import collect_predictions
from nevus.pipelines.instances import bind, instance
from nevus.pipelines.methods import METHODS

NAME = "cross_validation"
KEPT = {"corpus@training", "finished_runs"}


def create_pipeline() -> Pipeline:
    """Labelled images to scores along the training, as a table and a figure, and to out-of-fold predictions."""
    methods = sum((instance(score(name), name, keep=KEPT) for name in METHODS), Pipeline([]))
    summary = Pipeline(
        [
            Node(
                summarise_cross_validation,
                [f"scores_of_{name}" for name in METHODS],
                ["scores", "summary"],
                name="summarise",
            ),
            Node(draw_cross_validation, "scores", "curves", name="draw"),
            Node(
                collect_predictions,
                [f"held_out_of_{name}" for name in METHODS],
                ["predictions", "out_of_fold"],
                name="collect_predictions",
            ),
        ]
    )
    named = {f"{what}_of_{name}": f"{NAME}.{name}.{what}" for name in METHODS for what in ("scores", "held_out")}
    whole = instance(summary, NAME, keep={"out_of_fold"}, inputs=named, tags=NAME)
    return instance(methods, NAME, keep=KEPT, tags=NAME) + whole


def score(name: str) -> Pipeline:
    """The node that scores one method on held-out folds; it does nothing where the method is not asked for."""
    family = METHODS[name].family
    inputs = {
        "training": "corpus@training",
        "params": f"params:{name}",
        "seed": "params:seed",
        "options": f"params:{NAME}",
        "checkpoints": "checkpoints",
        "finished": "finished_runs",
    }
    function = bind(cross_validate, params=family.params, method=name, learner_of=family.learner)
    return Pipeline([Node(function, inputs, ["scores", "held_out"], name="score_folds")])
