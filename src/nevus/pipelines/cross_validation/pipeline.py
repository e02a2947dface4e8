"""Repeated cross-validation on the labelled training images, of every method in the registry."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.cross_validation.nodes import cross_validate, draw_cross_validation, summarise_cross_validation
from nevus.pipelines.method import bind
from nevus.pipelines.methods import METHODS

NAME = "cross_validation"


def create_pipeline() -> Pipeline:
    """Labelled images to scores along the training, as a table and a figure."""
    return Pipeline(
        [
            *(score(name) for name in METHODS),
            Node(
                summarise_cross_validation,
                [f"{NAME}.{name}.scores" for name in METHODS],
                [f"{NAME}.scores", f"{NAME}.summary"],
                name="summarise_cross_validation",
            ),
            Node(draw_cross_validation, f"{NAME}.scores", f"{NAME}.curves", name="draw_cross_validation"),
        ],
        tags=NAME,
    )


def score(name: str) -> Node:
    """The node that scores one method on held-out folds; it does nothing where the method is not asked for."""
    family = METHODS[name].family
    return Node(
        bind(cross_validate, params=family.params, method=name, learner_of=family.learner),
        {
            "training": "corpus@training",
            "params": f"params:{name}",
            "seed": "params:seed",
            "options": f"params:{NAME}",
            "checkpoints": f"{NAME}.{name}.checkpoints",
        },
        f"{NAME}.{name}.scores",
        name=f"cross_validate_{name}",
    )
