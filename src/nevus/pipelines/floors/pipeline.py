"""The two floors: the majority class, and colour without shape."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.floors.nodes import predict_colour_svm, predict_majority


def create_pipeline() -> Pipeline:
    """Labelled and test images to two tables of predictions."""
    inputs = ["corpus@training", "corpus@test"]
    return Pipeline(
        [
            Node(predict_majority, inputs, "majority.predictions", name="predict_majority"),
            Node(predict_colour_svm, inputs, "colour_svm.predictions", name="predict_colour_svm"),
        ],
        tags="floors",
    )
