from pathlib import Path

import pytest
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from nevus.contracts import NevusError
from nevus.hooks.effect import EffectHooks
from nevus.hooks.nested import leaves

ROOT = Path(__file__).parents[2]


def check(given: dict, pipeline: str, env: str | None = "test") -> None:
    """Ask as a run of this pipeline would, of the project's own configuration."""
    bootstrap_project(ROOT)
    with KedroSession.create(ROOT, env=env, runtime_params=given) as session:
        hooks = EffectHooks()
        hooks.after_context_created(session.load_context())
        pipelines.set_requested([pipeline])
        try:
            hooks.before_pipeline_run({"pipeline_names": [pipeline]})
        finally:
            pipelines.set_requested(None)


@pytest.mark.parametrize(
    ("given", "pipeline", "env"),
    [
        ({"seed": 3, "variant": "wide"}, "ingestion", "test"),
        ({"seed": 3, "variant": "wide"}, "relink", "test"),
        ({"ingestion": {"workers": 0, "size": 16, "phantom": {"labeled": 40}}}, "ssgan", "test"),
        ({"source": "/images", "splits": {"label_budget": 3}}, "ingestion", "image_folder"),
        ({"source": "/images", "ingestion": {"format": "ham10000", "ham10000": {"task": "seven"}}}, "ssgan", "table"),
        ({"classifier": {"loop": {"steps": 5}}}, "ssgan", "test"),
        ({"labeled_only": {"loop": {"steps": 5}}}, "ssgan", "test"),  # its baseline
        ({"ssgan": {"selection": {"metric": "auc", "every": 5, "patience": 5}}}, "ssgan", "test"),
    ],
)
def test_what_the_pipeline_or_its_catalog_reads_is_accepted(given: dict, pipeline: str, env: str) -> None:
    check(given, pipeline, env)


@pytest.mark.parametrize(
    ("given", "pipeline", "env", "said"),
    [
        ({"source": "/images"}, "ingestion", "test", "source: this environment draws its images and reads no source"),
        ({"source": "/images"}, "ssgan", None, "--env: diagnosis_folders, ham10000, image_folder"),
        ({"ingestion": {"ham10000": {"task": "seven"}}}, "ingestion", "image_folder", "--env: ham10000."),
        ({"ingestion": {"phantom": {"labeled": 40}}}, "ssgan", "image_folder", "ingestion.phantom.labeled: nothing"),
        ({"ssgan": {"loop": {"steps": 5}}}, "supervised", "test", "give --pipeline: ssgan, cross_validation."),
        ({"classifier": {"loop": {"steps": 5}}}, "ingestion", "test", "give --pipeline: labeled_only, ssgan"),
        ({"classifier": {"loop": {"steps": 5}}}, "supervised", "test", "Did you mean supervised.loop.steps?"),
        ({"relink": {"margin": 0.2}}, "__default__", "test", "give --pipeline: relink"),
        ({"tfrecords": {"unlabeled": False}}, "ingestion", "test", "give --pipeline: tfrecords"),
    ],
)
def test_what_nothing_reads_is_refused_with_what_would(given: dict, pipeline: str, env: str | None, said: str) -> None:
    with pytest.raises(NevusError) as caught:
        check({**given, "seed": 3}, pipeline, env)

    assert said in str(caught.value)
    assert "seed:" not in str(caught.value)


def test_leaves_are_the_values_that_are_no_blocks() -> None:
    assert list(leaves({"a": {"b": 1, "c": {}}, "d": [1]})) == [("a", "b"), ("a", "c"), ("d",)]
