"""The pipelines by their names."""

from functools import cache

from kedro.pipeline import Pipeline

from nevus.pipelines.audit.pipeline import create_pipeline as audit
from nevus.pipelines.augmentation.pipeline import create_pipeline as augmentation
from nevus.pipelines.calibration.pipeline import create_pipeline as calibration
from nevus.pipelines.cross_validation.pipeline import create_pipeline as cross_validation
from nevus.pipelines.ensemble.pipeline import create_pipeline as ensemble
from nevus.pipelines.explain.pipeline import create_pipeline as explain
from nevus.pipelines.external.pipeline import create_pipeline as external
from nevus.pipelines.features.pipeline import create_pipeline as features
from nevus.pipelines.generation.pipeline import create_pipeline as generation
from nevus.pipelines.inference.pipeline import create_pipeline as inference
from nevus.pipelines.ingestion.pipeline import create_pipeline as ingestion
from nevus.pipelines.ingestion.pipeline import describing, packing
from nevus.pipelines.ladder.pipeline import create_pipeline as ladder
from nevus.pipelines.leaderboard.pipeline import create_pipeline as leaderboard
from nevus.pipelines.method import create_pipeline as method
from nevus.pipelines.method import unrelated
from nevus.pipelines.methods import METHODS
from nevus.pipelines.onnx.pipeline import create_pipeline as onnx
from nevus.pipelines.relink.pipeline import create_pipeline as relink
from nevus.pipelines.synthesis.pipeline import create_pipeline as synthesis
from nevus.pipelines.tfrecords.pipeline import create_check_pipeline as check_tfrecords
from nevus.pipelines.tfrecords.pipeline import create_pipeline as tfrecords

DEFAULT = "ssgan"


@cache  # a run asks twice
def register_pipelines() -> dict[str, Pipeline]:
    """Each of them runs from raw files to its result; what is already there is not done again.

    Returns:
        Names as in `kedro run --pipeline=NAME`.
    """
    methods = {name: packing() + method(name) for name in METHODS}
    return {
        "__default__": methods[DEFAULT],
        "ingestion": ingestion() + describing() + audit(),
        **methods,
        "synthesis": packing() + synthesis(),
        "generate": generation(),
        "ladder": packing() + ladder(),
        "ensemble": packing() + ensemble(),
        "calibration": packing() + calibration(),
        "external": packing() + external(),
        "inference": inference(),
        "onnx": onnx(),
        "explain": explain(),
        "cross_validation": ingestion() + cross_validation(),
        "augmentation": ingestion() + augmentation(),
        "features": packing() + features(),
        "reporting": leaderboard(),
        "relink": relink(),
        "unrelated": unrelated(DEFAULT),
        "tfrecords": ingestion() + tfrecords(),
        "check_tfrecords": check_tfrecords(),
    }
