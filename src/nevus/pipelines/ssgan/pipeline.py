"""The semi-supervised GAN."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.ssgan.nodes import fit_ssgan
from nevus.pipelines.supervised.pipeline import package


def create_pipeline() -> Pipeline:
    """Labelled and unlabelled images to a packaged classifier, a generator and what it drew."""
    return Pipeline(
        [
            Node(
                fit_ssgan,
                ["corpus@training", "params:classifier", "params:ssgan", "ssgan.checkpoints"],
                ["ssgan.weights", "ssgan.generator", "ssgan.history", "ssgan.samples", "ssgan.progress"],
                name="fit_ssgan",
            ),
            package("ssgan"),
        ],
        tags="ssgan",
    )
