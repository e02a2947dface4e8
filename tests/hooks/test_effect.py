from pathlib import Path

import pytest
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from nevus.contracts import NevusError
from nevus.hooks.effect import EffectHooks, alike
from nevus.hooks.nested import leaves, merged

ROOT = Path(__file__).parents[2]


def check(given: dict, pipeline: str, env: str | None = "test") -> None:
    """Ask as a run of this pipeline would, of the project's own configuration."""
    bootstrap_project(ROOT)
    pipelines.set_requested([pipeline])  # as the command line does
    try:
        with KedroSession.create(ROOT, env=env, runtime_params=given) as session:
            hooks = EffectHooks()
            hooks.after_context_created(session.load_context())
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
        ({"model": "supervised/seed1", "images": "/images"}, "inference", "test"),
        ({"source": "/images"}, "inference", "image_folder"),  # opened only if it is wanted
    ],
)
def test_what_the_pipeline_or_its_catalog_reads_is_accepted(given: dict, pipeline: str, env: str) -> None:
    check(given, pipeline, env)


@pytest.mark.parametrize(
    ("given", "pipeline", "env", "said"),
    [
        (
            {"source": "/images", "classifier": {"loop": {"steps": 5}}, "tfrecords": {"unlabeled": False}},
            "ingestion",
            "test",
            (
                "source: this environment draws its images and reads no source",
                "give --pipeline: labeled_only, pseudo_labels, pi_model",
                "give --pipeline: tfrecords",
            ),
        ),
        ({"source": "/images"}, "ssgan", None, ("--env: diagnosis_folders, ham10000, image_folder",)),
        (
            {"ingestion": {"ham10000": {"task": "seven"}, "phantom": {"labeled": 40}}},
            "ssgan",
            "image_folder",
            ("--env: ham10000.", "ingestion.phantom.labeled: nothing"),
        ),
        (
            {"ssgan": {"loop": {"steps": 5}}, "classifier": {"loop": {"steps": 5}}, "relink": {"margin": 0.2}},
            "supervised",
            "test",
            (
                "give --pipeline: ssgan, ladder, cross_validation.",
                "Did you mean supervised.loop.steps?",
                "give --pipeline: relink",
            ),
        ),
    ],
)
def test_what_nothing_reads_is_refused_with_what_would(
    given: dict, pipeline: str, env: str | None, said: tuple[str, ...]
) -> None:
    with pytest.raises(NevusError) as caught:
        check({**given, "seed": 3}, pipeline, env)

    for words in said:
        assert words in str(caught.value)
    assert "seed:" not in str(caught.value)


def test_a_parameter_is_not_suggested_in_its_own_place() -> None:
    read = [("ingestion", "phantom", "labeled"), ("other", "phantom", "labeled")]

    assert alike(read[0], read) == " Did you mean other.phantom.labeled?"
    assert alike(read[0], read[:1]) == ""


def test_a_block_is_laid_over_another_without_changing_either() -> None:
    below = {"a": {"b": 1, "c": [1, 2]}, "d": {"e": 1}}
    above = {"a": {"c": [3]}, "d": None, "f": {"g": 2}}

    assert merged(below, above) == {"a": {"b": 1, "c": [3]}, "d": None, "f": {"g": 2}}
    assert below == {"a": {"b": 1, "c": [1, 2]}, "d": {"e": 1}}


def test_leaves_are_the_values_that_are_no_blocks() -> None:
    assert list(leaves({"a": {"b": 1, "c": {}}, "d": [1]})) == [("a", "b"), ("a", "c"), ("d",)]
