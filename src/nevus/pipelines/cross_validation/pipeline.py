"""Repeated cross-validation on the labelled training images."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.cross_validation.nodes import (
    cross_validate,
    draw_cross_validation,
    summarise_cross_validation,
)


def create_pipeline() -> Pipeline:
    """Labelled images to scores along the training, as a table and a figure."""
    return Pipeline(
        [
            Node(
                cross_validate,
                [
                    "corpus@training",
                    "params:classifier",
                    "params:ssgan",
                    "params:cross_validation",
                    "cross_validation.checkpoints",
                ],
                "cross_validation.scores",
                name="cross_validate",
            ),
            Node(
                summarise_cross_validation,
                "cross_validation.scores",
                "cross_validation.summary",
                name="summarise_cross_validation",
            ),
            Node(
                draw_cross_validation,
                "cross_validation.scores",
                "cross_validation.curves",
                name="draw_cross_validation",
            ),
        ],
        tags="cross_validation",
    )
