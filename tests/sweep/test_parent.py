"""A sweep is one MLflow run, in which those of its points are nested; without a store it goes on."""

import os
from pathlib import Path

import pytest

from nevus.hooks import TrackingHooks
from nevus.hooks.tracking import PARENT_RUN
from nevus.sweep.parent import ParentRun
from nevus.tracking.options import TrackingOptions
from nevus.tracking.process import process_start
from tests.hooks.conftest import _no_server, catalog_in, client, method_flow, metrics, root, run_with  # noqa: F401

TAGS = {"dataset": "test", "host": os.uname().nodename, "pid": str(os.getpid())}


def options(uri: str | None = None, enabled: bool = True) -> TrackingOptions:
    return TrackingOptions(enabled=enabled, tracking_uri=uri, experiment="lesions")


def tags(pid: int) -> dict[str, str]:
    return TAGS | {"pid": str(pid), "pid_started": process_start(pid) or "0"}


def test_the_runs_of_the_points_are_nested_in_it_and_their_baselines_in_them(root, client, metrics, monkeypatch):  # noqa: F811
    parent = ParentRun(options(), root, "kinds")
    parent.begin(tags(os.getpid()), {"seeds": "0-1"})
    monkeypatch.setenv(PARENT_RUN, parent.run_id)
    given = {"params:ssgan": {}, "params:labeled_only": {}, "params:seed": 3, "params:variant": ""}
    given |= {"params:supervised": {}, "params:ingestion": {}}
    run_with(TrackingHooks(), root, method_flow(metrics=metrics), catalog_in(root, given))
    table = root / "points.csv"
    table.write_text("a\n1\n")
    parent.end("FINISHED", [table])

    every = client.search_runs([client.get_experiment_by_name("lesions").experiment_id])
    above = {one.info.run_id: one.data.tags.get("mlflow.parentRunId") for one in every}
    (point,) = [run_id for run_id, found in above.items() if found == parent.run_id]
    (baseline,) = [run_id for run_id, found in above.items() if found == point]
    assert set(above) == {parent.run_id, point, baseline}
    found = client.get_run(parent.run_id)
    assert (found.info.run_name, found.info.status, found.data.params) == ("kinds", "FINISHED", {"seeds": "0-1"})
    assert [file.path for file in client.list_artifacts(parent.run_id)] == ["points.csv"]


def test_a_sweep_that_goes_on_has_the_same_run_and_another_data_set_another(root, client):  # noqa: F811
    first = ParentRun(options(), root, "kinds")
    first.begin(tags(2**22 + 1), {"seeds": "0"})  # a process that is no more
    again, other = ParentRun(options(), root, "kinds"), ParentRun(options(), root, "kinds")
    again.begin(tags(os.getpid()), {"seeds": "0"})
    other.begin(tags(os.getpid()) | {"dataset": "mnist"}, {})
    assert again.run_id == first.run_id
    assert other.run_id != first.run_id
    assert client.get_run(again.run_id).info.status == "RUNNING"


def test_where_the_server_is_gone_the_sweep_is_kept_here(root, client, caplog):  # noqa: F811
    parent = ParentRun(options("http://127.0.0.1:9"), root, "kinds")
    parent.begin(tags(os.getpid()), {})
    assert client.get_run(parent.run_id).info.run_name == "kinds"
    assert "The sweep is not tracked in http://127.0.0.1:9." in caplog.text


@pytest.mark.parametrize("given", [None, options(enabled=False)])
def test_without_tracking_there_is_none(tmp_path: Path, given):
    parent = ParentRun(given, tmp_path, "kinds")
    parent.begin(TAGS, {})
    parent.end("FINISHED", [])
    assert parent.run_id is None
    assert not list(tmp_path.iterdir())


def test_a_store_that_cannot_be_used_ends_nothing(tmp_path: Path, caplog):
    (tmp_path / "mlflow.db").write_text("no database")
    parent = ParentRun(options(), tmp_path, "kinds")
    parent.begin(TAGS, {})
    parent.end("FINISHED", [])
    assert parent.run_id is None
    assert "mlflow.db is damaged" in caplog.text
