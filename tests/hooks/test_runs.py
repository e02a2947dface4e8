"""One MLflow run a method, and what tells it apart."""

import logging
import os
import threading
import time
from types import SimpleNamespace

import pytest
from kedro.pipeline import node, pipeline

from nevus.contracts import NevusError
from nevus.hooks import recorder
from nevus.hooks.headers import Header, with_record
from nevus.hooks.journal import Step
from nevus.hooks.planned import PlannedRun, planned_runs
from nevus.hooks.recorder import Recorder
from nevus.hooks.store import RunStore
from nevus.locks import BusyError, Lock
from nevus.tracking import experiment
from nevus.tracking.experiment import Target
from tests.hooks.conftest import PARAMETERS, classifier_of, flow_of, method_flow

METHOD, BASELINE = "ssgan-wide/seed3", "supervised, baseline of ssgan-wide/seed3"
HEADER = Header("x", {}, {}, 0)


def test_a_baseline_is_a_run_nested_in_that_of_its_method_with_the_same_names(train, runs, metrics, client) -> None:
    train(method_flow(metrics=metrics))

    found = runs()
    assert {name: one.info.status for name, one in found.items()} == {METHOD: "FINISHED", BASELINE: "FINISHED"}
    method, baseline = found[METHOD], found[BASELINE]
    assert baseline.data.tags["mlflow.parentRunId"] == method.info.run_id
    assert "mlflow.parentRunId" not in method.data.tags
    assert method.data.metrics == {
        "accuracy": 0.81,
        "auc": 0.88,
        "labeled_loss": 0.4,
        "ablation/image_alone/accuracy": 0.79,
        "floor/majority class/accuracy": 0.5,
    }
    assert baseline.data.metrics == {"accuracy": 0.75, "labeled_loss": 0.4}
    assert len(client.get_metric_history(baseline.info.run_id, "labeled_loss")) == 2


def test_tags_say_which_runs_one_was_built_on() -> None:
    record = {"method": "distillation", "ancestors": {"teachers": {"a/seed0": "0123456789", "b/seed1": "abcdef0123"}}}
    header = with_record(HEADER, PlannedRun("distillation"), record)
    assert header.tags["teachers"] == "a/seed0@01234567, b/seed1@abcdef01"


def test_tags_tell_runs_apart(train, runs, metrics) -> None:
    train(method_flow(metrics=metrics), env="isic2017")

    for name, method in ((METHOD, "ssgan"), (BASELINE, "supervised")):
        tags = runs()[name].data.tags
        assert {key: tags[key] for key in ("method", "variant", "seed", "dataset", "network", "corpus")} == {
            "method": method,
            "variant": "wide",
            "seed": "3",  # of the run, not that of the augmentation
            "dataset": "isic2017",
            "network": "residual",
            "corpus": "f" * 64,
        }


def test_parameters_of_a_method_have_the_same_names_as_those_of_another(train, runs, metrics) -> None:
    train(method_flow(metrics=metrics), runtime_params={"source": "x.zip", "ssgan": {"unlabeled_weight": 1.0}})

    method, baseline = runs()[METHOD].data.params, runs()[BASELINE].data.params
    shared = {"network.kind": "residual", "network.width": "48", "ingestion.size": "32", "seed": "3"}
    assert baseline == shared | {"variant": "wide", "source": "x.zip"}
    assert method == baseline | {"unlabeled_weight": "1.0"}


def test_the_corpus_is_an_input_for_training_and_test(train, runs, metrics) -> None:
    train(method_flow(metrics=metrics), env="isic2017")

    for one in runs().values():
        inputs = [
            (found.dataset.name, found.dataset.digest, *(tag.value for tag in found.tags))
            for found in one.inputs.dataset_inputs
        ]
        assert sorted(inputs) == [("isic2017", "f" * 12, "training"), ("isic2017 (test)", "f" * 12, "test")]
        assert '"test": 40' in next(i.dataset.profile for i in one.inputs.dataset_inputs if "test" in i.dataset.name)


def test_a_run_that_trains_nothing_has_what_the_classifier_was_trained_with(
    hooks, run, make_catalog, runs, metrics
) -> None:
    catalog = make_catalog(**{"params:evaluation": {"replicates": 9}})
    catalog.save("ssgan.classifier", classifier_of("ssgan", seed=5, unlabeled_weight=0.5))
    catalog.save("ssgan.baseline.classifier", classifier_of("supervised", seed=5))
    inputs = ["ssgan.classifier", "ssgan.baseline.classifier", "params:evaluation"]
    flow = pipeline([node(lambda *_: metrics, inputs, "ssgan.metrics", name="ssgan.evaluate")])

    run(flow, catalog, hooks=hooks, parameters=PARAMETERS | {"evaluation": {"replicates": 9}})

    method, baseline = runs()["ssgan/seed5"].data, runs()["supervised, baseline of ssgan/seed5"].data
    assert method.params == {
        "network.kind": "residual",
        "network.width": "48",
        "unlabeled_weight": "0.5",
        "ingestion.size": "32",
        "evaluation.replicates": "9",
    }
    assert (method.tags["seed"], method.tags["corpus"], "variant" in method.tags) == ("5", "f" * 64, False)
    assert baseline.metrics == {"accuracy": 0.75}
    assert baseline.tags["method"] == "supervised"


def test_a_training_that_fails_leaves_a_complete_baseline_finished(train, runs, metrics) -> None:
    with pytest.raises(NevusError):
        train(method_flow(metrics=metrics, fail=True))

    found = runs()
    assert (found[METHOD].info.status, found[BASELINE].info.status) == ("FAILED", "FINISHED")
    assert found[METHOD].data.tags["error"] == "NevusError: no test images"
    assert "error" not in found[BASELINE].data.tags


def test_which_runs_a_pipeline_makes(metrics) -> None:
    whole = method_flow(metrics=metrics)
    baseline = PlannedRun("ssgan.baseline", "ssgan", trains=True, group="supervised")

    assert planned_runs(whole, PARAMETERS) == [PlannedRun("ssgan", trains=True, group="ssgan"), baseline]
    assert planned_runs(whole.filter(node_names=["ssgan.baseline.fit"]), PARAMETERS) == [
        PlannedRun("ssgan.baseline", trains=True, group="supervised")
    ]
    assert planned_runs(whole.filter(node_names=["pack"]), PARAMETERS) == [PlannedRun("")]
    again = pipeline(
        [node(lambda *_: 1, ["ssgan.classifier", "ssgan.baseline.predictions"], "ssgan.unrelated.metrics")]
    )
    assert planned_runs(again, {}) == [PlannedRun("ssgan.unrelated")]
    assert planned_runs(flow_of(cross_validation__scores=0, audit__page=0), {}) == [PlannedRun("")]


def test_a_method_scored_anew_is_named_after_it(hooks, run, make_catalog, runs, metrics) -> None:
    catalog = make_catalog(seed=0)
    catalog.save("ssgan.classifier", classifier_of("ssgan", seed=5))
    flow = pipeline([node(lambda _: metrics, "ssgan.classifier", "ssgan.unrelated.metrics", name="evaluate")])

    run(flow, catalog, hooks=hooks, parameters=PARAMETERS, pipeline_names=["unrelated"])

    (found,) = runs().values()
    assert found.info.run_name == "ssgan/seed5, unrelated"
    assert (found.data.tags["method"], found.data.tags["pipeline"]) == ("ssgan", "unrelated")
    assert found.data.metrics["auc"] == 0.88


def test_a_lock_that_is_not_let_go_is_named(root, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(experiment, "LOCK_SECONDS", 0.1)

    other = Lock.beside(root / "mlflow.db").held(seconds=0, what="", remedy="")
    with other, pytest.raises(BusyError, match=rf"process {os.getpid()} (.|\n)*\.mlflow\.db\.lock"):
        experiment.open_experiment(Target(f"sqlite:///{root / 'mlflow.db'}", "lesions"))


def test_a_store_that_hangs_does_not_keep_a_finished_run_from_ending(
    root, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(recorder, "CLOSING_SECONDS", 0.1)
    monkeypatch.setattr(recorder, "SILENT_SECONDS", 0.1)
    target, release = Target(f"sqlite:///{root / 'mlflow.db'}", "lesions"), threading.Event()
    monkeypatch.setattr(RunStore, "set_tag", lambda *_: release.wait(120))
    record = Recorder(target, target, {"": HEADER}, root / "untracked.json")
    record.wait_until_open()
    record.record("", Step("set_tag", ("a", "b")))

    started = time.perf_counter()
    record.close("FINISHED")

    assert time.perf_counter() - started < 60
    assert len([entry for entry in caplog.records if entry.levelno >= logging.WARNING]) == 1
    assert record.place is None
    assert str(root / "untracked.json") in record.loss.command
    release.set()
    record._thread.join(60)


def test_a_slow_store_is_waited_for_as_long_as_it_gets_on(root, client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "CLOSING_SECONDS", 1.0)
    monkeypatch.setattr(recorder, "SILENT_SECONDS", 0.1)
    monkeypatch.setattr(RunStore, "set_tag", lambda *_: time.sleep(0.5))
    target = Target(f"sqlite:///{root / 'mlflow.db'}", "lesions")
    record = Recorder(target, target, {"": HEADER}, root / "untracked.json")
    record.wait_until_open()
    for _ in range(4):
        record.record("", Step("set_tag", ("a", "b")))
    record.close("FINISHED")

    assert client.get_run(record.place.run_id).info.status == "FINISHED"


def test_the_experiment_is_not_marked_as_a_genai_application(hooks, run, make_catalog, client) -> None:
    run(flow_of(ssgan__report={}), make_catalog(seed=0), hooks=hooks)

    found = client.get_experiment_by_name("lesions")
    assert found.tags["mlflow.experimentKind"] == "custom_model_development"


def test_the_parallel_runner_tracks_what_a_classifier_was_trained_on(hooks, make_catalog, runs) -> None:
    catalog, flow = make_catalog(seed=0), flow_of(ssgan__classifier=0)
    run_params = {"pipeline_names": ["ssgan"], "runner": "<kedro.runner.ParallelRunner object>"}
    loader = {"mlflow": {"enabled": True, "tracking_uri": None, "experiment": "lesions"}}
    hooks.after_context_created(
        SimpleNamespace(config_loader=loader, project_path=catalog.get("a.report")._filepath.parents[1])
    )

    hooks.before_pipeline_run(run_params, flow, catalog)
    catalog.save("ssgan.classifier", classifier_of("ssgan", seed=5))  # no hook of this process is called
    hooks.after_pipeline_run(run_params)

    (found,) = runs().values()
    assert found.data.tags["corpus"] == "f" * 64
    assert found.data.params["network.width"] == "48"
