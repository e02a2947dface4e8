"""Classifiers out of an MLflow store: by the id of a run, and by the name and alias of a registered model."""

import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from kedro.io import DatasetError
from mlflow import MlflowClient

from nevus.contracts import Classifier, NevusError
from nevus.hooks.headers import Header
from nevus.hooks.store import RunStore
from nevus.io.model import ModelDataset
from nevus.io.tracked_models import TrackedModelsDataset
from nevus.networks.build import build, describe
from nevus.tracking.experiment import open_experiment
from nevus.tracking.options import sqlite_target
from tests.io.test_model import NETWORK


@dataclass(frozen=True)
class Store:
    """A store with a run that trained, one that did not, and a registered model."""

    root: Path
    classifier: Classifier
    trained: str
    other: str

    def find(self, reference: str, uri: str | None = None):
        made = TrackedModelsDataset(filepath=str(self.root / "mlflow.db"), tracking_uri=uri, experiment="test")
        return made.load().find(reference)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, empty_store: bytes) -> Store:
    root = tmp_path_factory.mktemp("store")
    (root / "mlflow.db").write_bytes(empty_store)
    network = build(NETWORK, classes=2, size=16)
    torch.manual_seed(0)
    example = np.zeros((2, 16, 16, 3), dtype=np.uint8)
    network.fit_input(example)
    spec = describe(NETWORK, classes=["benign", "melanoma"], size=16, average_d4=True)
    classifier = Classifier(dict(network.state_dict()), spec, example, {"method": "supervised"})
    ModelDataset(filepath=str(root / "model")).save(classifier)
    target = sqlite_target(root / "mlflow.db", "test")
    client, experiment = open_experiment(target)
    runs = [RunStore(client, target, experiment, Header(name, {}, {}, 0)) for name in ("supervised/seed0", "audit")]
    runs[0].log_model(root / "model", "supervised")
    for run in runs:
        run.end("FINISHED", 1)
    found = client.get_run(runs[0].run_id).outputs.model_outputs[0].model_id
    client.create_registered_model("nevus")
    client.create_model_version("nevus", client.get_logged_model(found).artifact_location)
    client.set_registered_model_alias("nevus", "champion", "1")
    return Store(root, classifier, runs[0].run_id, runs[1].run_id)


@pytest.fixture(autouse=True)
def another_global_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """MLflow's own choice must not count."""
    import mlflow

    mlflow.set_tracking_uri("http://127.0.0.1:9")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    yield
    mlflow.set_tracking_uri(None)


@pytest.mark.parametrize(
    "reference", ["RUN", "runs:/RUN", "nevus@champion", "models:/nevus@champion", "models:/nevus/1"]
)
def test_a_classifier_is_the_one_that_was_logged(store: Store, reference: str) -> None:
    found = store.find(reference.replace("RUN", store.trained))()
    assert found.spec == store.classifier.spec
    for name, value in store.classifier.weights.items():
        torch.testing.assert_close(found.weights[name], value)


def test_a_logged_model_may_be_named_itself(store: Store) -> None:
    run = MlflowClient(f"sqlite:///{store.root}/mlflow.db").get_run(store.trained)
    assert store.find(f"models:/{run.outputs.model_outputs[0].model_id}")().spec == store.classifier.spec


def test_names_of_finished_runs_are_no_references(store: Store) -> None:
    for name in ("supervised/seed0", "ssgan-wide/seed3", "ladder.gan/seed0", "12345"):
        assert store.find(name) is None


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("0" * 32, "there is no run of the id 000"),
        ("OTHER", "the run audit in .* has no model"),
        ("nevus@challenger", r"'nevus' in .* has no alias 'challenger'. Aliases: nevus@champion\."),
        ("models:/nevus/7", r"has no version 7. Aliases: nevus@champion\."),
        ("newt@champion", r"no registered model 'newt' in .* Registered: nevus\."),
        (f"models:/m-{'0' * 32}", "there is no logged model m-000"),
    ],
)
def test_what_is_not_there_is_said(store: Store, reference: str, said: str) -> None:
    with pytest.raises(NevusError, match=said):
        store.find(reference.replace("OTHER", store.other))


def test_a_server_that_refuses_and_a_database_that_is_not_there_are_said(store: Store, tmp_path: Path) -> None:
    with socket.socket() as probe:  # a port that nobody listens at
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    with pytest.raises(NevusError, match=f"cannot be looked up. {address} does not answer"):
        store.find(store.trained, address)
    with pytest.raises(NevusError, match=r"no run is tracked yet: there is no .*none\.db"):
        store.find(store.trained, f"sqlite:///{tmp_path}/none.db")
    assert not (tmp_path / "none.db").exists()


def test_lost_files_and_a_model_of_something_else_are_said(store: Store, tmp_path: Path) -> None:
    artifacts = store.root / "mlartifacts"
    kept = shutil.copytree(artifacts, tmp_path / "kept")
    read = store.find(store.trained)
    try:
        for spec in artifacts.rglob("spec.json"):
            spec.unlink()
        with pytest.raises(NevusError, match=r"not one of nevus: it has no artifacts/spec\.json"):
            read()
        shutil.rmtree(artifacts)
        with pytest.raises(NevusError, match=r"the files of the model at .* cannot be had"):
            read()
    finally:
        shutil.rmtree(artifacts, ignore_errors=True)
        shutil.copytree(kept, artifacts)


def test_models_are_not_saved_here(store: Store) -> None:
    with pytest.raises(DatasetError, match="logged by the runs"):
        TrackedModelsDataset(filepath=str(store.root / "mlflow.db"), tracking_uri=None, experiment="test").save(
            store.classifier
        )
