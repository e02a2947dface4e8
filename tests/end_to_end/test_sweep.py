"""A sweep with real runs: stopped, continued, and done."""

import signal
import time
from collections.abc import Callable

import pandas as pd
import pytest
from mlflow import MlflowClient

pytestmark = pytest.mark.slow

SWEEP = ("sweep", "--env=test", "--pipelines=supervised", "--budgets=5,500,10", "--jobs=1", "--name=kinds")
FOLDER = "08_reporting/test/sweeps/kinds"
SEARCH = (
    *("sweep", "--env=test", "--pipelines=supervised", "--name=tried", "--jobs=1", "--trials=3"),
    *("--search", "supervised.optimizer.learning_rate=1e-4:1e-1:log"),
    *("--search", "supervised.augment=${policies.weak},${policies.none}"),
)
TRIED = "08_reporting/test/sweeps/tried"


def until(condition: Callable[[], bool], seconds: float = 240.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)


def killed(made, command, first, log):
    """What a command wrote that was killed when its second run had begun, and the first had left its note."""
    process = made.start(*command)
    until(lambda: (log.exists() and log.stat().st_size > 0) or process.poll() is not None)
    process.send_signal(signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    assert first.exists(), out + err
    return out


def test_a_search_goes_on_where_it_was_killed_and_a_finished_trial_is_not_repeated(new_project):
    made = new_project()
    first = made.data("06_models/test/cross_validation-tried-trial0/seed0/completed.json")
    log = made.data(f"{TRIED}/logs/cross_validation-tried-trial1-seed0.log")
    killed(made, SEARCH, first, log)
    before = first.stat().st_mtime_ns

    again = made.kedro(*SEARCH)
    assert again.returncode == 0, again.stderr
    assert "3 trials: 1 done, 2 to do (1 of them stopped)" in again.stdout
    assert first.stat().st_mtime_ns == before
    trials = pd.read_csv(made.data(f"{TRIED}/trials.csv"))
    assert list(trials["trial"]) == [0, 1, 2]
    assert list(trials["state"]) == ["done"] * 3
    assert trials["supervised.optimizer.learning_rate"].between(1e-4, 1e-1).all()
    assert set(trials["supervised.augment"]) <= {"weak", "none"}
    for row in trials.to_dict("records"):
        summary = pd.read_csv(made.data(f"08_reporting/test/{row['run']}/summary.csv")).iloc[-1]
        assert (summary["method"], summary["auc"], summary["auc_error"]) == (
            "supervised",
            row["mean"],
            row["standard_error"],
        )
    best = trials.loc[trials["mean"].idxmax()]
    assert f"Best: trial {best['trial']}," in again.stdout
    assert f"--params supervised.optimizer.learning_rate={best['supervised.optimizer.learning_rate']}" in again.stdout
    assert made.data(f"{TRIED}/search.png").stat().st_size > 10_000
    assert "3 trials: 3 done, 0 to do" in made.kedro(*SEARCH).stdout

    client = MlflowClient(f"sqlite:///{made.root / 'mlflow.db'}")
    runs = client.search_runs([one.experiment_id for one in client.search_experiments()])
    (parent,) = [one.info for one in runs if one.info.run_name == "tried"]
    nested = {one.info.run_name for one in runs if one.data.tags.get("mlflow.parentRunId") == parent.run_id}
    assert parent.status == "FINISHED"
    assert nested == {f"cross_validation-tried-trial{number}/seed0" for number in range(3)}


def test_a_sweep_goes_on_where_it_was_killed_and_a_run_that_fails_stops_no_other(new_project):
    made = new_project()
    first = made.data("06_models/test/supervised-budget_5/seed0/completed.json")
    log = made.data(f"{FOLDER}/logs/supervised-budget_10-seed0.log")
    assert "supervised-budget_5/seed0" in killed(made, SWEEP, first, log)
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
