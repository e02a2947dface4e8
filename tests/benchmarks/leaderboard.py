"""How long `kedro run --pipeline=reporting` takes over many tracked runs.

    python -m tests.benchmarks.leaderboard --runs=1000

The runs are made up, as large as real ones: 20 methods on corpora of 5 label budgets, with as many seeds as it takes;
90 parameters, 20 scores and those of two floors, 8 curves of which the last values count; the predictions for 300 test
images of each run and of its floors are there, and are compared. Making them takes a minute.
"""

import argparse
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import sqlalchemy

from tests.end_to_end.conftest import copy_project, one_thread
from tests.tracked_store import Tracker, auc_of, said

PROJECT = Path(__file__).resolve().parents[2]
METHODS, BUDGETS = 20, (5, 10, 20, 50, 100)
SCORES, CURVES, PARAMS, IMAGES = 20, 8, 90, 300
FLOORS = ("majority", "colour_svm")


def main(arguments: list[str]) -> None:
    """Make the runs, run the pipeline, and print how long it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    runs = parser.parse_args(arguments).runs
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        copy_project(PROJECT, root)
        uri = f"sqlite:///{root / 'mlflow.db'}"
        fill(uri, "test", root / "mlartifacts", runs)
        command = [sys.executable, "-m", "kedro", "run", "--pipeline=reporting", "--env=test"]
        started = time.perf_counter()
        done = subprocess.run(command, cwd=root, env=one_thread({}), capture_output=True, text=True, check=False)
        took, used = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        inside = re.search(r"successfully in ([\d.]+) sec", done.stdout + done.stderr)
        if done.returncode or inside is None:
            raise SystemExit(done.stderr)
        busy = used.ru_utime + used.ru_stime
        print(f"{runs:,} runs: the command {took:.1f} s (processor {busy:.1f} s), its nodes {inside[1]} s")


def fill(uri: str, experiment: str, artifacts: Path, runs: int) -> None:
    """Track made-up runs.

    Args:
        uri: Of a database.
        experiment: Name.
        artifacts: Folder.
        runs: How many.
    """
    hurry = sqlalchemy.engine.Engine, "connect", _without_waiting_for_the_disk
    sqlalchemy.event.listen(*hurry)
    try:
        _fill(uri, experiment, artifacts, runs)
    finally:
        sqlalchemy.event.remove(*hurry)


def _fill(uri: str, experiment: str, artifacts: Path, runs: int) -> None:
    tracker = Tracker(uri, experiment, artifacts)
    floors = {name: said(0.2 + 0.3 * number, number, images=IMAGES) for number, name in enumerate(FLOORS)}
    scores = {f"score_{number}": 0.5 for number in range(SCORES)} | {f"curve_{n}": 0.1 for n in range(CURVES)}
    scores |= {f"floor/{name}/score_{number}": 0.5 for name in FLOORS for number in range(SCORES)}
    scores |= {f"floor/{name}/auc": auc_of(table) for name, table in floors.items()}
    params = {f"classifier.block.parameter_{number}": "0.0001" for number in range(PARAMS)}
    for number in range(runs):
        seed, kind = divmod(number, METHODS * len(BUDGETS))
        budget, method = divmod(kind, METHODS)
        tracker.run(
            f"method_{method}/seed{seed}",
            predictions={"predictions": said(0.5 + 0.1 * method, number, images=IMAGES), **floors},
            metrics=scores,
            corpus=f"{budget:064x}",
            labeled=2 * BUDGETS[budget],
            params=params | {"splits.label_budget": str(BUDGETS[budget])},
        )


def _without_waiting_for_the_disk(connection, _record):
    connection.execute("PRAGMA synchronous=OFF")


if __name__ == "__main__":
    main(sys.argv[1:])
