"""Finished runs get names in MLflow's registry, in whatever store runs are kept."""

from itertools import count
from pathlib import Path

import mlflow
import numpy as np
import pytest

from nevus.contracts import Classifier, NevusError
from nevus.hooks.headers import Header
from nevus.hooks.store import create_runs
from nevus.io.model import ModelDataset
from nevus.networks.build import build, describe
from nevus.networks.options import PlainOptions
from nevus.tracking.causes import why
from nevus.tracking.experiment import Target
from nevus.tracking.options import sqlite_target
from nevus.tracking.registry import register

NETWORK = {"kind": "plain", "norm": "none", "width": 4, "depth": 1, "blocks": 1, "dropout": 0.0}
NETWORK |= {"normalisation": "none", "resize": None, "colour": "none", "gamma": 1.0}
STARTED = count(1)  # milliseconds since 1970: the later, the newer
IMAGES = np.zeros((2, 8, 8, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved") / "model"
    options = PlainOptions.model_validate(NETWORK)
    spec = describe(options, classes=["benign", "melanoma"], size=8, average_d4=False)
    weights = dict(build(options, classes=2, size=8).state_dict())
    ModelDataset(filepath=str(folder)).save(Classifier(weights, spec, IMAGES))
    return folder


@pytest.fixture
def target(tmp_path: Path, empty_store: bytes) -> Target:
    """A store that is not the one that MLflow takes by default."""
    (tmp_path / "mlflow.db").write_bytes(empty_store)
    return sqlite_target(tmp_path / "mlflow.db", "lesions")


def track(target: Target, name: str, status: str | None = "FINISHED", model: Path | None = None) -> str:
    """A run of this name; a status of None leaves it going on."""
    (run,) = create_runs(target, {"": Header(name, {"mlflow.runName": name}, {}, next(STARTED))}).values()
    if model is not None:
        run.log_model(model, "supervised")
    if status is not None:
        run.end(status, next(STARTED))
    return run.run_id


def test_the_newest_finished_run_of_a_name_is_loaded_by_its_alias(target, model, monkeypatch):
    track(target, "supervised/seed0", model=model)
    wanted = track(target, "supervised/seed0", model=model)
    track(target, "supervised/seed0", "FAILED")

    made = register(target, "supervised/seed0", name="nevus", alias="champion")

    assert (made.run_id, made.version, made.address, made.is_new) == (wanted, "1", "models:/nevus@champion", True)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", target.uri)  # which the command tells to set
    loaded = mlflow.pyfunc.load_model(made.address)
    assert loaded.metadata.run_id == wanted
    assert list(loaded.predict(IMAGES).columns) == ["benign", "melanoma"]


def test_an_alias_moves_to_another_run_and_back_without_a_new_version(target, model):
    first, second = (track(target, f"supervised/seed{seed}", model=model) for seed in range(2))
    client = mlflow.MlflowClient(target.uri)

    found = []
    for run_id in (first, second, first):
        made = register(target, run_id, name="nevus", alias="champion")
        holder = client.get_model_version_by_alias("nevus", "champion")
        found.append((made.version, made.is_new, holder.run_id == run_id))

    assert found == [("1", True, True), ("2", True, True), ("1", False, True)]


@pytest.mark.parametrize(
    ("status", "said"),
    [("FAILED", "ended as FAILED"), ("KILLED", "ended as KILLED"), (None, "is still going on")],
)
def test_a_run_that_is_not_finished_is_refused(target, status, said):
    run_id = track(target, "supervised/seed0", status)
    for wanted in ("supervised/seed0", run_id):
        with pytest.raises(NevusError, match=f"the run supervised/seed0 .{run_id}. {said}; only a finished"):
            register(target, wanted, name="nevus", alias="champion")


def test_a_run_without_a_model_is_refused(target):
    track(target, "ingestion")
    with pytest.raises(NevusError, match=r"the run ingestion \(.*\) has no model"):
        register(target, "ingestion", name="nevus", alias="champion")
    assert mlflow.MlflowClient(target.uri).search_registered_models() == []


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("supervised/seed1", "no run 'supervised/seed1' in the experiment 'lesions'; did you mean 'supervised/seed0'?"),
        ("it's", "no run 'it's' in the experiment 'lesions'. Newest: supervised/seed0."),
        ("0" * 32, "no tracked run with the id 0000"),
    ],
)
def test_an_unknown_run_is_named_with_those_that_there_are(target, wanted, said):
    track(target, "supervised/seed0")
    with pytest.raises(NevusError) as caught:
        register(target, wanted, name="nevus", alias="champion")
    assert said in str(caught.value)


def test_where_nothing_is_tracked_there_is_nothing_to_register(target, tmp_path):
    with pytest.raises(NevusError, match="nothing has been tracked in the experiment 'lesions' yet"):
        register(target, "supervised/seed0", name="nevus", alias="champion")
    with pytest.raises(NevusError, match="no run has been tracked in"):
        register(sqlite_target(tmp_path / "none.db", "lesions"), "supervised/seed0", name="nevus", alias="champion")
    assert not (tmp_path / "none.db").exists()


def test_a_server_that_refuses_is_named(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    server = Target("http://127.0.0.1:9", "lesions")
    with pytest.raises(Exception, match="refused") as caught:
        register(server, "supervised/seed0", name="nevus", alias="champion")
    assert "http://127.0.0.1:9 does not answer" in why(caught.value, server.uri)
