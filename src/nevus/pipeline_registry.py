"""The pipelines by their names."""

from kedro.pipeline import Pipeline

from nevus.pipelines.cross_validation.pipeline import create_pipeline as cross_validation
from nevus.pipelines.floors.pipeline import create_pipeline as floors
from nevus.pipelines.inference.pipeline import create_pipeline as inference
from nevus.pipelines.ingestion.pipeline import create_pipeline as ingestion
from nevus.pipelines.reporting.pipeline import create_pipeline as reporting
from nevus.pipelines.ssgan.pipeline import create_pipeline as ssgan
from nevus.pipelines.supervised.pipeline import create_pipeline as supervised


def register_pipelines() -> dict[str, Pipeline]:
    """Each of them runs from raw files to its result; what is already there is not done again.

    Returns:
        Names as in `kedro run --pipeline=NAME`.
    """
    with_baseline = supervised() + inference("supervised") + floors()
    whole_ssgan = ingestion() + ssgan() + inference("ssgan") + with_baseline + reporting("ssgan", "supervised")
    return {
        "__default__": whole_ssgan,
        "ingestion": ingestion(),
        "ssgan": whole_ssgan,
        "cross_validation": ingestion() + cross_validation(),
    }
