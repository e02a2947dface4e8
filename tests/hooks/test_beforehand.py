"""What a run builds on is looked for before anything runs, with the words that the node has for it."""

from collections.abc import Sequence
from contextlib import nullcontext
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.io import DataCatalog, MemoryDataset

from nevus.contracts import NevusError
from nevus.hooks import BeforehandHooks
from nevus.io.files import CSVDataset
from nevus.io.tracked_models import TrackedModels
from nevus.pipelines.classifier.ancestors import ancestors_of
from nevus.pipelines.classifier.params import ClassifierParams
from nevus.pipelines.inference.nodes import score_images
from nevus.pipelines.inference.params import InferenceParams
from nevus.tracking.models import ModelStore

ROOT = Path(__file__).parents[2]


def check(*names: str, given: dict | None = None, finished: Sequence[str] = (), **part):
    """Ask as a run of these pipelines would, or of a part of them, where these runs are finished."""
    bootstrap_project(ROOT)
    pipelines.set_requested(list(names))
    try:
        with KedroSession.create(ROOT, env="test", runtime_params=given or {}) as session:
            catalog = session.load_context()._get_catalog()
            catalog["finished_runs"] = MemoryDataset(dict.fromkeys(finished), copy_mode="assign")
            flow = reduce(lambda one, other: one + other, (pipelines[name] for name in names)).filter(**part)
            BeforehandHooks().before_pipeline_run({}, flow, catalog)
    finally:
        pipelines.set_requested(None)


NO_STORE = TrackedModels(ModelStore("sqlite:////nowhere/mlflow.db"))
WEIGHTS = {"networks": {"efficientnet_lite0": {"weights": "/nowhere/w.pth"}}}
MISSING = "no file of weights"


@pytest.mark.parametrize(
    ("names", "given", "said"),
    [
        (["fixmatch"], {"fixmatch": {"start": "simclr/seed9"}}, r"fixmatch\.start: .*'simclr/seed9'.*pipeline=simclr"),
        (["fixmatch"], {"labeled_only": {"start": "simclr/seed9"}}, r"labeled_only\.start: "),  # its baseline
        (["ssgan"], {"ssgan": {"start": "simclr/seed9"}}, r"ssgan\.start: "),
        (["linear_probe"], {"linear_probe": {"start": "simclr/seed9"}}, r"linear_probe\.start: "),
        (["distillation"], {}, r"distillation\.teachers: .*'supervised/seed\*'"),
        (["ensemble"], {}, r"ensemble\.members: .*'supervised/seed\*'"),
        (["calibration"], {}, r"calibration\.model: there is no finished run 'supervised/seed0'"),
        (["inference"], {}, r"inference\.model: .*'supervised/seed0'"),
        (["features"], WEIGHTS, MISSING),
        (["transfer"], WEIGHTS, MISSING),
        (["linear_probe"], WEIGHTS, MISSING),
        (["label_spreading"], WEIGHTS, MISSING),  # of the network whose features it spreads labels on
        (["cross_validation"], {**WEIGHTS, "cross_validation": {"methods": ["supervised", "transfer"]}}, MISSING),
    ],
)
def test_what_is_not_there_is_missed_before_the_run(names, given, said):
    with pytest.raises(NevusError, match=said):
        check(*names, given=given)


@pytest.mark.parametrize(
    ("names", "more"),
    [
        (["supervised"], {}),
        (["cross_validation"], {"given": {**WEIGHTS, "cross_validation": {"methods": ["supervised"]}}}),
        (["distillation"], {"finished": ["supervised/seed0"]}),
        (["ensemble"], {"finished": ["supervised/seed0", "supervised/seed1"]}),
        (["supervised", "distillation"], {}),  # the one finishes what teaches the other
        (["supervised", "inference"], {}),
        (["simclr", "fixmatch"], {"given": {"seed": 3, "classifier": {"start": "simclr/seed3"}}}),
        (["distillation"], {"tags": ["reporting"]}),  # nodes that do not run want nothing
        (["distillation"], {"node_names": ["distillation.predict"]}),
    ],
)
def test_what_is_there_or_made_or_not_wanted_is_not_missed(names, more):
    check(*names, **more)


def test_a_run_does_not_teach_itself():
    with pytest.raises(NevusError, match="no finished run 'distillation/seed0'"):
        check("distillation", given={"distillation": {"teachers": ["distillation/seed0"]}})


def test_only_nodes_with_missing_outputs_count_where_only_those_run(configuration, tmp_path):
    flow = pipelines["inference"].filter(node_names=["inference.score_images"])
    (tmp_path / "scored.csv").write_text("")
    for file, missing in (("scored.csv", False), ("other.csv", True)):
        scored = CSVDataset(filepath=str(tmp_path / file))
        params = InferenceParams.model_validate(configuration()["parameters"]["inference"])
        data = {
            "finished_runs": MemoryDataset({}),
            "tracked_models": MemoryDataset(NO_STORE),
            "params:inference": MemoryDataset(params),
            "scored_images": scored,
        }
        with pytest.raises(NevusError, match=r"inference\.model") if missing else nullcontext():
            BeforehandHooks().before_pipeline_run({"only_missing_outputs": True}, flow, DataCatalog(data))


def test_the_words_are_those_of_the_node(configuration):
    blocks: dict[str, Any] = configuration()["parameters"]
    with pytest.raises(NevusError) as early:
        check("inference")
    with pytest.raises(NevusError) as late:
        score_images(None, None, {}, NO_STORE, InferenceParams.model_validate(blocks["inference"]), None, None)
    assert str(early.value) == str(late.value)
    params = ClassifierParams.model_validate(blocks["uda"]).model_copy(update={"start": "simclr/seed9"})
    with pytest.raises(NevusError) as early:
        check("uda", given={"uda": {"start": "simclr/seed9"}})
    with pytest.raises(NevusError) as late:
        ancestors_of(None, params, {}, method="uda")
    assert str(early.value) == str(late.value)
