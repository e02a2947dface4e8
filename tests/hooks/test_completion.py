"""A whole run leaves a note with its parameters; nothing else does."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from kedro.framework import project
from kedro.io import DataCatalog
from kedro.pipeline import node, pipeline

from nevus.contracts import Classifier
from nevus.hooks import CompletionHooks
from nevus.hooks.completion import read_note
from nevus.io.checkpoints import CheckpointsDataset
from tests.hooks.conftest import RecordDataset

FIT = node(
    lambda *_: 1,
    ["params:ssgan", "params:seed", "ssgan.checkpoints"],
    "ssgan.classifier",
    name="fit",
    namespace="ssgan",
)
SCORE = node(
    lambda *_: 1, ["ssgan.classifier", "params:evaluation.bins"], "ssgan.score", name="score", namespace="ssgan"
)
WHOLE = pipeline([FIT, SCORE])
STARTS = {"start": {"simclr/seed0": "a1b2"}}
PARAMETERS = {"ssgan": {"steps": 5}, "evaluation": {"bins": 9}, "audit": {"a": 1}, "seed": 3}


class Loader(dict):
    def __init__(self, **given) -> None:
        super().__init__(parameters=PARAMETERS)
        self.runtime_params = given


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    registry = project._ProjectPipelines()
    registry._content, registry._is_data_loaded = {"ssgan": WHOLE}, True
    monkeypatch.setattr(project, "pipelines", registry)
    checkpoints = CheckpointsDataset(filepath=str(tmp_path / "checkpoint.pt"))
    classifier = RecordDataset(filepath=str(tmp_path / "model"))
    classifier.save(Classifier({}, {}, np.zeros((1, 8, 8, 3), np.uint8), {"ancestors": STARTS}))
    catalog = DataCatalog({"ssgan.checkpoints": checkpoints, "ssgan.classifier": classifier})

    def run(flow, *, fails: bool = False, **given) -> dict:
        hooks = CompletionHooks()
        hooks.after_context_created(SimpleNamespace(config_loader=Loader(**given)))
        hooks.before_pipeline_run(flow, catalog)
        if not fails:
            hooks.after_pipeline_run(flow, catalog)
        return read_note(tmp_path)

    return run


def test_the_note_has_what_the_run_read_and_built_on_and_its_source(run):
    note = run(WHOLE, source="/images")
    read = {"ssgan": {"steps": 5}, "evaluation": {"bins": 9}, "seed": 3}
    assert note["parameters"] == read | {"source": "/images"}
    assert note["ancestors"] == {"ssgan.classifier": STARTS}
    assert note["seconds"] >= 0


@pytest.mark.parametrize("again", [{"flow": pipeline([SCORE])}, {"flow": WHOLE, "fails": True}])
def test_a_part_of_a_run_or_one_that_fails_leaves_none(run, again):
    assert run(WHOLE)
    assert not run(**again)


def test_a_run_beside_other_pipelines_is_whole(run):
    assert run(WHOLE + pipeline([node(lambda: 1, None, "other", name="other")]))


def test_a_pipeline_without_a_method_leaves_none(run):
    assert not run(pipeline([node(lambda: 1, None, "other", name="other")]))
