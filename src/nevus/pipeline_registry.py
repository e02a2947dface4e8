"""The pipelines by their names."""

from kedro.pipeline import Pipeline

from nevus.pipelines.audit.pipeline import create_pipeline as audit
from nevus.pipelines.cross_validation.pipeline import create_pipeline as cross_validation
from nevus.pipelines.floors.pipeline import create_pipeline as floors
from nevus.pipelines.inference.pipeline import create_pipeline as inference
from nevus.pipelines.ingestion.pipeline import create_pipeline as ingestion
from nevus.pipelines.relink.pipeline import create_pipeline as relink
from nevus.pipelines.relink.pipeline import without_siblings
from nevus.pipelines.reporting.pipeline import create_pipeline as reporting
from nevus.pipelines.ssgan.pipeline import create_pipeline as ssgan
from nevus.pipelines.supervised.pipeline import create_pipeline as supervised
from nevus.pipelines.tfrecords.pipeline import create_check_pipeline as check_tfrecords
from nevus.pipelines.tfrecords.pipeline import create_pipeline as tfrecords


def register_pipelines() -> dict[str, Pipeline]:
    """Each of them runs from raw files to its result; what is already there is not done again.

    Returns:
        Names as in `kedro run --pipeline=NAME`.
    """
    with_baseline = supervised() + inference("supervised") + floors()
    reported = reporting("ssgan", "supervised")
    whole_ssgan = ingestion() + ssgan() + inference("ssgan") + with_baseline + reported
    return {
        "__default__": whole_ssgan,
        "ingestion": ingestion() + audit(),
        "ssgan": whole_ssgan,
        "cross_validation": ingestion() + cross_validation(),
        "relink": relink(),
        "unrelated": without_siblings(reported.filter(node_names=["evaluate_ssgan"])),
        "tfrecords": ingestion() + tfrecords(),
        "check_tfrecords": check_tfrecords(),
    }
