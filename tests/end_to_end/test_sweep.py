"""A sweep with real runs: stopped, continued, and done."""

import signal
import time

import pandas as pd
import pytest
from mlflow import MlflowClient

pytestmark = pytest.mark.slow

SWEEP = ("sweep", "--env=test", "--pipelines=supervised", "--budgets=5,500,10", "--jobs=1", "--name=kinds")
FOLDER = "08_reporting/test/sweeps/kinds"


def test_a_sweep_goes_on_where_it_was_killed_and_a_run_that_fails_stops_no_other(new_project):
    made = new_project()
    first = made.data("06_models/test/supervised-budget_5/seed0/completed.json")
    log = made.data(f"{FOLDER}/logs/supervised-budget_10-seed0.log")
    killed = made.start(*SWEEP)
    deadline = time.monotonic() + 240
    while not (log.exists() and log.stat().st_size) and killed.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    out, err = killed.communicate(timeout=60)
    assert first.exists(), out + err
    assert "supervised-budget_5/seed0" in out
    before = first.stat().st_mtime_ns

    again = made.kedro(*SWEEP)
    assert again.returncode == 1
    assert "3 runs: 1 done, 2 to do" in again.stdout
    last = again.stderr.splitlines()
    assert "1 of 3 runs failed" in again.stderr
    assert "supervised-budget_500/seed0: splits.label_budget asks for 500 labelled images of each class" in last[-1]
    assert first.stat().st_mtime_ns == before
    points = pd.read_csv(made.data(f"{FOLDER}/points.csv"))
    assert set(points["run"]) == {"supervised-budget_5/seed0", "supervised-budget_10/seed0"}
    assert set(points.loc[points["splits.label_budget"] == 10, "labeled"]) == {20}
    assert made.data(f"{FOLDER}/label_budgets.png").stat().st_size > 10_000

    client = MlflowClient(f"sqlite:///{made.root / 'mlflow.db'}")
    runs = client.search_runs([one.experiment_id for one in client.search_experiments()])
    (parent,) = [one.info.run_id for one in runs if one.info.run_name == "kinds"]
    nested = [one for one in runs if one.data.tags.get("mlflow.parentRunId") == parent]
    states = {(one.info.run_name, one.info.status) for one in nested}
    assert ("supervised-budget_5/seed0", "FINISHED") in states
    assert ("supervised-budget_10/seed0", "FINISHED") in states
    assert all(one.info.status != "RUNNING" for one in runs)
