"""Look at the augmentation. Nothing is trained and nothing is changed."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.augmentation.nodes import draw_policies, measure_colours
from nevus.pipelines.instances import instance

CORPUS = "corpus@training"  # after splitting: what chooses or tests is never augmented


def create_pipeline() -> Pipeline:
    """Training images to `augmentation.sheets` and `augmentation.colours`."""
    inputs = {"training": CORPUS, "policies": "params:policies", "options": "params:augmentation"}
    template = Pipeline(
        [
            Node(draw_policies, inputs, "sheets", name="draw_policies"),
            Node(measure_colours, inputs, "colours", name="measure_colours"),
        ]
    )
    return instance(template, "augmentation", keep={CORPUS}, tags="augmentation")
