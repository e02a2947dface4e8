import logging
import os
import socket
import time
from pathlib import Path
from types import SimpleNamespace

import mlflow
import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog
from kedro.pipeline import node, pipeline
from pydantic import BaseModel

import nevus
from nevus.contracts import Classifier, NevusError
from nevus.hooks import TrackingHooks
from nevus.hooks.store import POINTS_A_BATCH, RunStore
from nevus.io.model import ModelDataset
from nevus.networks.build import build
from nevus.tracking.process import process_start
from tests.hooks.conftest import PARAMETERS, flow_of, method_flow

METHOD, BASELINE = "ssgan-wide/seed3", "supervised, baseline of ssgan-wide/seed3"
UNREACHABLE = "http://127.0.0.1:9"


class Generator(BaseModel):
    width: int


class Ssgan(BaseModel):
    seed: int
    generator: Generator
    note: str = ""


def test_a_run_has_its_parameters_flat_and_only_those_it_uses(hooks, run, make_catalog, only_run) -> None:
    options = Ssgan(seed=3, generator=Generator(width=64), note="x" * 7000)
    flow = pipeline([node(lambda options: {"a": 1}, "params:ssgan", "ssgan.report", name="fit")])
    catalog = make_catalog(**{"params:ssgan": options})

    run(flow, catalog, hooks=hooks, parameters={"ssgan": options, "supervised": {"lr": 0.1}})

    found = only_run()
    assert found.data.params.keys() == {"ssgan.seed", "ssgan.generator.width", "ssgan.note"}  # of no method
    assert found.data.params["ssgan.generator.width"] == "64"
    assert len(found.data.params["ssgan.note"]) == 6000
    assert found.data.params["ssgan.note"].endswith("[cut]")


def test_a_run_without_a_method_says_where_it_comes_from(hooks, run, make_catalog, only_run) -> None:
    flow = pipeline([node(lambda _: {"a": 1}, "params:seed", "audit.report", name="look")])
    catalog = make_catalog(**{"params:seed": 3})

    run(flow, catalog, hooks=hooks, parameters=PARAMETERS, env="isic2017", pipeline_names=["ingestion"])

    found = only_run()
    assert (found.info.status, found.info.run_name) == ("FINISHED", "ingestion")
    tags = found.data.tags
    assert (tags["pipeline"], tags["dataset"], tags["seed"]) == ("ingestion", "isic2017", "3")
    assert tags["pid"] == str(os.getpid())
    assert "method" not in tags


def test_metrics_are_those_of_the_method_and_of_floors_without_bounds(
    hooks, run, make_catalog, only_run, metrics
) -> None:
    run(flow_of(ssgan__metrics=metrics), make_catalog(seed=0), hooks=hooks)

    assert only_run().data.metrics == {
        "accuracy": 0.81,
        "auc": 0.88,
        "ablation/image_alone/accuracy": 0.79,
        "baseline/accuracy": 0.75,  # no baseline is in this pipeline, so it has no run of its own
        "floor/majority class/accuracy": 0.5,
    }


def test_two_methods_in_one_call_are_two_runs(hooks, run, make_catalog, client, metrics) -> None:
    flow = flow_of(ssgan__metrics=metrics, fixmatch__metrics=metrics.assign(value=0.1), audit__report={"a": 1})
    run(flow, make_catalog(seed=0), hooks=hooks)

    found = client.search_runs([client.get_experiment_by_name("lesions").experiment_id])
    assert {one.info.run_name: one.data.metrics["accuracy"] for one in found} == {"ssgan": 0.81, "fixmatch": 0.1}
    for one in found:  # what belongs to neither is in both
        assert [file.path for file in client.list_artifacts(one.info.run_id, "audit")] == ["audit/report.json"]


def test_a_long_history_is_whole_and_sent_in_batches(
    hooks, run, make_catalog, only_run, client, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = np.arange(1500)
    loss = np.where(steps % 2 == 0, 1.0 / (1 + steps), np.nan)
    history = pd.DataFrame({"step": steps, "loss": loss, "rate": 0.1 * steps, "phase": "fit"})
    sizes = []
    whole = mlflow.MlflowClient.log_batch

    def log_batch(self, run_id, metrics=(), **rest):
        sizes.append(len(metrics))
        return whole(self, run_id, metrics=metrics, **rest)

    monkeypatch.setattr(mlflow.MlflowClient, "log_batch", log_batch)
    run(flow_of(ssgan__history=history), make_catalog(seed=0), hooks=hooks)

    found = client.get_metric_history(only_run().info.run_id, "loss")
    assert [(m.step, m.value) for m in found] == [(s, 1.0 / (1 + s)) for s in range(0, 1500, 2)]
    assert len(client.get_metric_history(only_run().info.run_id, "rate")) == 1500
    assert max(sizes) == POINTS_A_BATCH
    assert sum(sizes) == 2250


def test_artifacts_lie_beside_the_database_under_the_same_names_for_every_method(
    hooks, run, make_catalog, only_run, client, root
) -> None:
    history = pd.DataFrame({"step": [1], "loss": [0.5]})
    run(flow_of(ssgan__report={"a": 1}, ssgan__history=history), make_catalog(seed=0), hooks=hooks)

    found = only_run()
    paths = {file.path for file in client.list_artifacts(found.info.run_id)}
    assert paths == {"report.json", "history.csv"}
    assert found.info.artifact_uri.startswith((root / "mlartifacts").as_uri())


def test_a_failing_pipeline_ends_as_failed_with_its_cause(hooks, run, make_catalog, only_run) -> None:
    def fail(_):
        raise NevusError("too few images")

    with pytest.raises(NevusError):
        run(pipeline([node(fail, "seed", "ssgan.report", name="fit")]), make_catalog(seed=0), hooks=hooks)

    assert only_run().info.status == "FAILED"
    assert only_run().data.tags["error"] == "NevusError: too few images"


def test_an_interrupted_pipeline_ends_as_killed(hooks, run, make_catalog, only_run) -> None:
    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(pipeline([node(interrupt, "seed", "ssgan.report", name="fit")]), make_catalog(seed=0), hooks=hooks)
    hooks._recorder.close("KILLED")  # what runs at the interpreter's exit

    assert only_run().info.status == "KILLED"


def test_a_run_left_by_a_dead_process_is_ended_and_a_living_one_is_not(hooks, run, make_catalog, client) -> None:
    experiment = client.create_experiment("lesions")
    host = socket.gethostname()
    dead = client.create_run(experiment, tags={"host": host, "pid": str(os.getpid()), "pid_started": "1"})
    elsewhere = client.create_run(experiment, tags={"host": "another", "pid": "1", "pid_started": "1"})
    me = {"host": host, "pid": str(os.getpid()), "pid_started": process_start(os.getpid()) or ""}
    alive = client.create_run(experiment, tags=me)

    run(flow_of(ssgan__report={}), make_catalog(seed=0), hooks=hooks)

    def status(started):
        return client.get_run(started.info.run_id).info.status

    assert [status(dead), status(elsewhere), status(alive)] == ["KILLED", "RUNNING", "RUNNING"]


def test_a_server_that_never_answers_costs_seconds_and_loses_nothing(
    hooks, run, make_catalog, only_run, client, metrics, caplog: pytest.LogCaptureFixture
) -> None:
    started = time.perf_counter()
    run(flow_of(ssgan__metrics=metrics, ssgan__report={"a": 1}), make_catalog(seed=0), hooks=hooks, uri=UNREACHABLE)

    found = only_run()
    assert time.perf_counter() - started < 60
    assert found.info.status == "FINISHED"
    assert found.data.metrics["accuracy"] == 0.81
    assert found.data.tags["wanted_tracking_uri"] == UNREACHABLE
    assert client.list_artifacts(found.info.run_id)
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 1


@pytest.mark.parametrize("last", ["log_history", "end"])
def test_a_server_that_dies_in_the_middle_loses_nothing(
    last, train, runs, client, root: Path, metrics, empty_store, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "remote").mkdir()
    (root / "remote" / "mlflow.db").write_bytes(empty_store)
    whole, calls = getattr(RunStore, last), []

    def die(self, *arguments):
        if "/remote/" in self.target.uri:
            calls.append(arguments)
            if len(calls) == 2:  # the baseline's own has been taken
                raise ConnectionError("gone")
        whole(self, *arguments)

    monkeypatch.setattr(RunStore, last, die)
    train(method_flow(metrics=metrics), uri=f"sqlite:///{root}/remote/mlflow.db")

    found = runs()
    assert {name: one.info.status for name, one in found.items()} == {METHOD: "FINISHED", BASELINE: "FINISHED"}
    # Recorded on the server before it died, and replayed here.
    assert found[BASELINE].data.metrics == {"accuracy": 0.75, "labeled_loss": 0.4}
    assert found[METHOD].data.metrics["accuracy"] == 0.81
    assert found[METHOD].data.metrics["labeled_loss"] == 0.4
    assert found[BASELINE].data.tags["mlflow.parentRunId"] == found[METHOD].info.run_id
    assert {f.path for f in client.list_artifacts(found[BASELINE].info.run_id)} == {"history.csv"}


def test_a_part_that_mlflow_refuses_costs_that_part_only(hooks, run, make_catalog, only_run, metrics) -> None:
    flow = flow_of(ssgan__history=pd.DataFrame({"epoch": [1]}), ssgan__metrics=metrics)
    run(flow, make_catalog(seed=0), hooks=hooks)

    assert only_run().info.status == "FINISHED"
    assert only_run().data.metrics["accuracy"] == 0.81


def test_a_store_that_cannot_be_opened_at_all_does_not_end_the_run(
    hooks, run, make_catalog, root, metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlflow.store.db.utils.MAX_RETRY_COUNT", 1)  # MLflow would try for 100 seconds
    (root / "mlflow.db").unlink()
    (root / "mlflow.db").mkdir()

    run(flow_of(ssgan__metrics=metrics), make_catalog(seed=0), hooks=hooks)

    assert hooks.place is None
    assert (root / "ssgan" / "metrics.csv").exists()


def test_the_environment_names_the_store_when_the_configuration_does_not(
    hooks, run, make_catalog, root, empty_store, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "other.db").write_bytes(empty_store)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///other.db")

    run(flow_of(ssgan__report={}), make_catalog(seed=0), hooks=hooks)

    assert hooks.place.target.uri == f"sqlite:///{root / 'other.db'}"


def test_what_the_parallel_runner_saved_in_other_processes_is_tracked(
    hooks, make_catalog, only_run, root, metrics
) -> None:
    catalog, flow = make_catalog(seed=0), flow_of(ssgan__metrics=metrics)
    run_params = {"pipeline_names": ["ssgan"], "runner": "<kedro.runner.ParallelRunner object>"}
    loader = {"mlflow": {"enabled": True, "tracking_uri": None, "experiment": "lesions"}}
    hooks.after_context_created(SimpleNamespace(config_loader=loader, project_path=root))

    hooks.before_pipeline_run(run_params, flow, catalog)
    catalog.save("ssgan.metrics", metrics)  # no hook of this process is called
    hooks.after_pipeline_run(run_params)

    assert only_run().data.metrics["accuracy"] == 0.81


def test_tracking_that_is_off_leaves_no_trace(hooks: TrackingHooks, root: Path) -> None:
    (root / "mlflow.db").unlink()
    loader = {"mlflow": {"enabled": False, "tracking_uri": None, "experiment": "lesions"}}
    hooks.after_context_created(SimpleNamespace(config_loader=loader, project_path=root))
    hooks.before_pipeline_run({"pipeline_names": None}, pipeline([]), DataCatalog())
    hooks.after_pipeline_run({"runner": ""})

    assert not (root / "mlflow.db").exists()


def test_a_misspelt_tracking_option_is_refused(hooks: TrackingHooks, root: Path) -> None:
    with pytest.raises(NevusError, match="experimnt"):
        hooks.after_context_created(
            SimpleNamespace(config_loader={"mlflow": {"experimnt": "x"}}, project_path=root),
        )


def test_a_model_is_listed_with_its_signature_and_metrics_and_can_be_scored_by_its_id(
    hooks, run, make_catalog, only_run, client, root, metrics, monkeypatch
) -> None:
    network = {"kind": "plain", "norm": "none", "width": 4, "depth": 1, "blocks": 1, "dropout": 0.0}
    network |= {"normalisation": "none", "resize": None, "colour": "none", "gamma": 1.0}
    weights = dict(build(network, classes=2, size=8).state_dict())
    images = np.zeros((2, 8, 8, 3), dtype=np.uint8)
    spec = {"network": network, "size": 8, "classes": ["benign", "melanoma"], "average_d4": False}
    catalog = make_catalog(seed=0)
    catalog["ssgan.classifier"] = ModelDataset(filepath=str(root / "model"), metadata={"mlflow": "model"})

    flow = flow_of(ssgan__classifier=Classifier(weights, spec, images), ssgan__metrics=metrics)
    run(flow, catalog, hooks=hooks)

    found = only_run()
    (model,) = client.search_logged_models([found.info.experiment_id])
    assert (model.name, str(model.status), model.source_run_id) == ("ssgan", "READY", found.info.run_id)
    assert {m.key: m.value for m in model.metrics}["accuracy"] == 0.81
    assert [output.model_id for output in found.outputs.model_outputs] == [model.model_id]
    # not mlflow.set_tracking_uri, which would outlast this test
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{root / 'mlflow.db'}")
    loaded = mlflow.pyfunc.load_model(f"models:/{model.model_id}")
    assert loaded.metadata.run_id == found.info.run_id
    assert loaded.metadata.signature is not None
    assert loaded.predict(images).sum(axis=1).tolist() == pytest.approx([1, 1], abs=1e-6)
    files = [path for path in (root / "mlartifacts").rglob("*") if path.is_file() and path.suffix != ".safetensors"]
    assert "MLmodel" in {path.name for path in files}
    here = [str(root), str(Path(nevus.__file__).parent)]
    assert not [(path.name, place) for path in files for place in here if place in path.read_text()]
    loaded_again = mlflow.models.Model.load(next(str(path.parent) for path in files if path.name == "MLmodel"))
    assert loaded_again.artifact_path == f"models:/{model.model_id}"
