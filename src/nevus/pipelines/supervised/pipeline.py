"""The classifier without unlabelled images: what every semi-supervised method has to beat."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.supervised.nodes import fit_supervised, package_classifier


def create_pipeline() -> Pipeline:
    """Labelled images to a packaged classifier."""
    return Pipeline(
        [
            Node(
                fit_supervised,
                ["corpus@training", "params:classifier", "supervised.checkpoints"],
                ["supervised.weights", "supervised.history"],
                name="fit_supervised",
            ),
            package("supervised"),
        ],
        tags="supervised",
    )


def package(run: str) -> Node:
    """The node that packs up the classifier of a run; the same for every method."""
    return Node(
        package_classifier,
        [f"{run}.weights", "corpus@training", "params:classifier"],
        f"{run}.model",
        name=f"package_{run}",
    )
