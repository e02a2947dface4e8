"""Runs whose store cannot be used: the true cause, the whole command, and nothing lost."""

import json
import logging
import os
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from kedro.pipeline import node, pipeline
from mlflow import MlflowClient
from mlflow.entities import Run

from nevus.cli.track import track
from nevus.hooks import SummaryHooks
from nevus.hooks.store import RunStore
from nevus.tracking.causes import why
from tests.hooks.conftest import flow_of, method_flow
from tests.preloaded import Preloaded
from tests.test_cli import make_project

OLD, UNKNOWN = "cc1f77228345", "ffffffffffff"  # versions of MLflow's tables


def set_version(database: Path, version: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("update alembic_version set version_num = ?", [version])


def make_folder(database: Path) -> None:
    database.unlink()
    database.mkdir()


BROKEN: dict[str, tuple[Callable[[Path], Any], list[str]]] = {
    "older": (lambda file: set_version(file, OLD), ["older MLflow", OLD, "`mlflow db upgrade sqlite:///{file}`"]),
    "newer": (lambda file: set_version(file, UNKNOWN), ["newer MLflow", UNKNOWN, "`mv {file} {file}.aside`"]),
    "noise": (lambda file: file.write_bytes(b"noise" * 5000), ["is damaged", "`mv {file} {file}.aside`"]),
    "truncated": (lambda file: os.truncate(file, 9000), ["is damaged", "`mv {file} {file}.aside`"]),
    "folder": (make_folder, ["is a folder", "`mv {file} {file}.aside`"]),
}
SQLITE_SAYS = {
    "unable to open database file": ["may not be written to", "MLFLOW_TRACKING_URI=sqlite:///"],
    "attempt to write a readonly database": ["may not be written to", "MLFLOW_TRACKING_URI=sqlite:///"],
    "database or disk is full": ["disk that holds", "is full"],
    "database is locked": ["is locked", "End that program"],
    "disk I/O error": ["file system without locks"],
}
SERVER_SAYS = {
    401: ["refuses this user", "MLFLOW_TRACKING_TOKEN"],
    403: ["refuses this user"],
    404: ["no MLflow server"],
}
SERVER_SAYS |= {500: ["500"], 503: ["503"]}


@contextmanager
def server(code: int) -> Iterator[str]:
    """A server that answers everything with this code."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(code)
            self.end_headers()
            self.wfile.write(b"no")

        do_POST = do_GET  # noqa: N815

        def log_message(self, *arguments: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{found.server_port}"
        found.shutdown()


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [entry.getMessage() for entry in caplog.records if entry.levelno >= logging.WARNING]


def last_lines(hooks: Any, root: Path, capsys: pytest.CaptureFixture[str]) -> str:
    SummaryHooks(hooks).after_pipeline_run({"project_path": str(root)}, pipeline([]), SimpleNamespace())
    return capsys.readouterr().out


@pytest.mark.parametrize("how", BROKEN)
def test_a_database_that_cannot_be_used_has_its_true_cause_and_the_whole_command(
    how: str, hooks, run, make_catalog, root: Path, metrics, caplog, capsys
) -> None:
    spoil, expected = BROKEN[how]
    spoil(root / "mlflow.db")
    run(flow_of(ssgan__metrics=metrics), make_catalog(seed=0), hooks=hooks)

    (warning,) = warnings_of(caplog)
    shown = last_lines(hooks, root, capsys)
    for words in expected:
        assert words.format(file=root / "mlflow.db") in warning
        assert words.format(file=root / "mlflow.db") in shown
    assert "not tracked" in warning
    assert "not tracked" in shown
    (journal,) = (root / "ssgan").glob("untracked-*.json")
    assert f"kedro track {journal}" in shown
    assert (root / "ssgan" / "metrics.csv").exists()


@pytest.mark.parametrize("said", SQLITE_SAYS)
def test_what_sqlite_says_is_told_with_a_remedy(said: str, root: Path, hooks, run, make_catalog, monkeypatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise sqlite3.OperationalError(said)

    monkeypatch.setattr("sqlite3.connect", refuse)
    run(flow_of(ssgan__report={}), make_catalog(seed=0), hooks=hooks)

    for words in (said, str(root), *SQLITE_SAYS[said]):
        assert words in hooks.loss.cause


@pytest.mark.parametrize("code", SERVER_SAYS)
def test_a_server_that_refuses_is_told_apart_and_can_have_the_run_later(
    code: int, hooks, run, make_catalog, root: Path, only_run, caplog, capsys
) -> None:
    with server(code) as uri:
        run(flow_of(ssgan__report={}), make_catalog(seed=0), hooks=hooks, uri=uri)

    (warning,) = warnings_of(caplog)
    for words in (uri, *SERVER_SAYS[code]):
        assert words in warning
    assert only_run().data.tags["wanted_tracking_uri"] == uri
    shown = last_lines(hooks, root, capsys)
    assert f"not tracked in {uri}" in shown
    assert "kedro track" in shown


def test_two_lost_stores_are_both_explained(hooks, run, make_catalog, root: Path) -> None:
    set_version(root / "mlflow.db", OLD)
    run(flow_of(ssgan__report={}), make_catalog(seed=0), hooks=hooks, uri="http://127.0.0.1:9")

    assert "http://127.0.0.1:9 does not answer" in hooks.loss.cause
    assert "mlflow db upgrade" in hooks.loss.cause


def test_an_unknown_error_is_quoted() -> None:
    assert why(ValueError("a\n b"), "sqlite:////x.db") == "Cause: ValueError: a b"


def snapshot(uri: str) -> dict[str, Any]:
    """All that a store knows of its runs, but for what it calls them and where they lie."""
    client = MlflowClient(uri)
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    return {run.info.run_name: _run(client, run) for run in client.search_runs(ids)}


def _run(client: MlflowClient, run: Run) -> dict[str, Any]:
    key, data = run.info.run_id, run.data
    folder = Path(run.info.artifact_uri.removeprefix("file://"))
    inputs = [(i.dataset.name, i.dataset.digest, i.dataset.profile, i.tags[0].value) for i in run.inputs.dataset_inputs]
    models = client.search_logged_models([run.info.experiment_id], filter_string=f"source_run_id = '{key}'")
    apart = ("wanted_tracking_uri", "mlflow.parentRunId")
    return {
        "times": (run.info.start_time, run.info.end_time, run.info.status),
        "params": data.params,
        "tags": {name: value for name, value in data.tags.items() if name not in apart},
        "nested": "mlflow.parentRunId" in data.tags,
        "curves": {
            name: sorted((m.step, m.value, m.timestamp) for m in client.get_metric_history(key, name))
            for name in data.metrics
        },
        "inputs": sorted(inputs),
        "artifacts": {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()},
        "models": [
            (m.name, str(m.status), m.params, sorted((v.key, v.value) for v in m.metrics or []), _files(m))
            for m in models
        ],
    }


def _files(model: Any) -> dict[str, str]:
    folder = Path(model.artifact_location.removeprefix("file://"))
    texts = {p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*") if p.is_file()}
    return {
        name: text.replace(model.model_id, "MODEL").replace(model.source_run_id, "RUN") for name, text in texts.items()
    }


@pytest.mark.parametrize("fail", [False, True])
def test_a_run_tracked_later_is_the_run_tracked_at_once(train, root: Path, hooks, metrics, fail: bool) -> None:
    try:
        train(method_flow(metrics=metrics, fail=fail), uri="http://127.0.0.1:9")  # at once in the local store
    except Exception:
        assert fail
    (journal,) = root.rglob("untracked-*.json")
    (root / "later").mkdir()

    later = f"sqlite:///{root / 'later' / 'mlflow.db'}"
    arguments = [str(journal), "--tracking-uri", later]
    done = CliRunner().invoke(track, arguments, obj=SimpleNamespace(project_path=root), catch_exceptions=False)

    assert done.exit_code == 0, done.output
    assert f"mlflow ui --backend-store-uri {later}" in done.output
    assert not journal.exists()
    at_once, afterwards = snapshot(f"sqlite:///{root / 'mlflow.db'}"), snapshot(later)
    assert len(at_once) == 2
    assert all(one["models"] and one["curves"] and one["inputs"] and one["artifacts"] for one in at_once.values())
    assert afterwards == at_once


def test_what_has_changed_since_is_left_out_with_a_warning(
    hooks, run, make_catalog, root: Path, metrics, caplog
) -> None:
    set_version(root / "mlflow.db", OLD)
    run(flow_of(ssgan__metrics=metrics, ssgan__report={"a": 1}), make_catalog(seed=0), hooks=hooks)
    (root / "ssgan" / "report.json").write_text("another")
    caplog.clear()

    arguments = [*map(str, root.rglob("untracked-*.json")), "--tracking-uri", "sqlite:///later.db"]
    done = CliRunner().invoke(track, arguments, obj=SimpleNamespace(project_path=root))

    assert done.exit_code == 0, done.output
    assert f"{root / 'ssgan' / 'report.json'} is no longer what that run made" in caplog.text
    (found,) = snapshot(f"sqlite:///{root / 'later.db'}").values()
    assert found["curves"]["accuracy"][0][1] == 0.81
    assert found["artifacts"] == {}


def test_tracking_later_while_the_store_is_still_broken_keeps_the_journal(hooks, run, make_catalog, root: Path) -> None:
    set_version(root / "mlflow.db", OLD)
    run(flow_of(ssgan__report={}), make_catalog(seed=0), hooks=hooks)
    (journal,) = root.rglob("untracked-*.json")

    done = CliRunner().invoke(track, [str(journal)], obj=SimpleNamespace(project_path=root))

    assert done.exit_code == 1
    assert f"mlflow db upgrade sqlite:///{root / 'mlflow.db'}" in done.output
    assert journal.exists()


@pytest.mark.parametrize("text", ["", "{}", "[]", json.dumps({"version": 99})])
def test_another_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "report.json").write_text(text)
    done = CliRunner().invoke(track, [str(tmp_path / "report.json")], obj=SimpleNamespace(project_path=tmp_path))
    assert done.exit_code == 1
    assert "report.json is not the record of an untracked run" in done.output


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_run_that_did_not_finish_names_the_command_in_its_log(error, hooks, run, make_catalog, root, caplog) -> None:
    def stop(_: Any) -> None:
        raise error

    set_version(root / "mlflow.db", OLD)
    with pytest.raises(error):
        run(pipeline([node(stop, "seed", "ssgan.report", name="fit")]), make_catalog(seed=0), hooks=hooks)
    hooks._end("KILLED")  # as at the end of the process

    (journal,) = root.rglob("untracked-*.json")
    assert f"`kedro track {journal}`" in warnings_of(caplog)[-1]


def test_a_journal_that_cannot_be_written_is_no_error(
    hooks, run, make_catalog, root, monkeypatch, caplog, capsys
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    set_version(root / "mlflow.db", OLD)
    monkeypatch.setattr("nevus.hooks.journal.replacing", refuse)
    run(flow_of(ssgan__report={}), make_catalog(seed=0), hooks=hooks)

    assert "No space left on device" in warnings_of(caplog)[-1]
    assert "its record for MLflow is not" in last_lines(hooks, root, capsys)


def test_a_folder_of_artifacts_that_is_full_loses_no_part_silently(
    hooks, run, make_catalog, root, metrics, monkeypatch, caplog
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RunStore, "log_artifact", refuse)
    run(flow_of(ssgan__metrics=metrics, ssgan__report={}), make_catalog(seed=0), hooks=hooks)

    (warning,) = warnings_of(caplog)
    assert "is full" in warning
    assert list(root.rglob("untracked-*.json"))


def test_a_run_that_is_tracked_leaves_no_journal(hooks, run, make_catalog, root: Path, capsys) -> None:
    run(flow_of(ssgan__report={}), make_catalog(seed=0), hooks=hooks)
    assert not list(root.rglob("untracked-*.json"))
    assert "not tracked" not in last_lines(hooks, root, capsys)


@pytest.mark.slow
def test_the_command_of_the_last_lines_tracks_the_run_where_the_configuration_now_says(
    preloaded: Preloaded, tmp_path: Path
) -> None:
    project = make_project(tmp_path)
    (project / "mlflow.db").mkdir()
    done = preloaded.start("-m", "kedro", "run", "--env=tracked", cwd=project, env=os.environ).completed()
    assert done.returncode == 0, done.stderr
    (command,) = re.findall(r"kedro track (untracked-\S+\.json)", done.stdout)
    assert f"{project / 'mlflow.db'} is a folder" in done.stdout

    tracking = "enabled: true\ntracking_uri: sqlite:///other.db\nexperiment: tiny\n"
    (project / "conf" / "tracked" / "mlflow.yml").write_text(tracking)
    later = preloaded.start("-m", "kedro", "track", command, cwd=project, env=os.environ).completed()
    assert later.returncode == 0, later.stderr
    assert len(snapshot(f"sqlite:///{project / 'other.db'}")) == 1
    assert not (project / command).exists()


NO_HOME = """
import os, pwd
os.environ.pop("HOME", None)
def unknown(uid): raise KeyError(uid)
pwd.getpwuid = unknown
from nevus.tracking.mlflow_import import import_mlflow
import_mlflow()
print(os.environ["HOME"])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="users of POSIX")
def test_a_user_without_name_and_home_has_mlflow_too() -> None:
    done = subprocess.run([sys.executable, "-c", NO_HOME], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not Path(done.stdout.strip()).exists()  # removed at the end
