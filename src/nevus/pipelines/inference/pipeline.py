"""A packaged classifier and the test images to predictions."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.inference.nodes import predict_test


def create_pipeline(run: str) -> Pipeline:
    """Predictions of one run.

    Args:
        run: Name of the run, such as "ssgan".
    """
    return Pipeline(
        [Node(predict_test, [f"{run}.model", "corpus@test"], f"{run}.predictions", name=f"predict_{run}")],
        tags=["inference", run],
    )
