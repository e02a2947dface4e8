"""Which tracked runs of the project's own store go and which stay, and their removal by MLflow itself."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from nevus.io.removal import remove
from nevus.tracking.experiment import connect
from nevus.tracking.tracked_runs import TrackedRun, read_experiments, read_models, read_runs

DATABASE, ARTIFACTS = "mlflow.db", "mlartifacts"
ID = re.compile(r"(m-)?[0-9a-f]{32}")  # of a run or a logged model; a server's folders of experiments are others
SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True)
class Pruning:
    """What goes.

    Attributes:
        runs: With those nested in them.
        models: Ids of the logged models of these runs.
        folders: Artifacts of these runs and models, and of those that the store does not know.
        kept: What stays against the wish, with the reason.
        is_ours: Whether the store keeps all artifacts inside the project, so that MLflow's gc may remove them.
    """

    runs: list[TrackedRun] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    is_ours: bool = True


def outdated(runs: Iterable[TrackedRun], keep: int) -> tuple[list[TrackedRun], list[str]]:
    """Choose all but the newest runs of each experiment; nested ones go or stay with the run that they are nested in.

    Args:
        runs: Of all experiments in question.
        keep: How many stay of each.

    Returns:
        The runs that go, those in MLflow's bin among them; and what stays although it is older, with the reason.
    """
    every = {run.run_id: run for run in runs}
    families: dict[str, list[TrackedRun]] = {}
    for run in every.values():
        if not run.is_deleted:
            families.setdefault(_eldest(run, every), []).append(run)
    by_experiment: dict[str, list[str]] = {}
    for eldest in sorted(families, key=lambda run_id: -every[run_id].started):
        by_experiment.setdefault(every[eldest].experiment, []).append(eldest)
    going, kept = [run for run in every.values() if run.is_deleted], []
    for eldest in (run_id for ids in by_experiment.values() for run_id in ids[keep:]):
        reasons = [f"{run}: {run.obstacle}" for run in families[eldest] if run.obstacle]
        kept += reasons
        going += [] if reasons else families[eldest]
    return going, kept


def plan_pruning(root: Path, keep: int) -> Pruning:
    """Look what pruning would remove; changes nothing but the state of runs whose process has died.

    Args:
        root: The project's folder; a store without a database has no runs.
        keep: How many runs stay of each experiment.

    Raises:
        Exception: Whatever makes the store unusable; `nevus.tracking.causes` puts it in words.
    """
    if not (root / DATABASE).is_file():
        folders, kept = _artifacts(root, set(), set())
        return Pruning(folders=folders, kept=kept)
    client = connect(f"sqlite:///{root / DATABASE}")
    runs = read_runs(client)
    going, staying = outdated(runs, keep)
    ids = {run.run_id for run in going}
    models = {model.model_id: model.source_run_id for model in read_models(client)}
    doomed = [model for model, run_id in models.items() if run_id in ids]
    folders, kept = _artifacts(root, ids | set(doomed), {run.run_id for run in runs} | set(models))
    used = {run.experiment for run in runs}
    homes = {one.artifact_location for one in read_experiments(client) if one.name in used}
    is_ours = homes <= {(root / ARTIFACTS).as_uri()}
    if not is_ours:
        going = [run for run in going if not run.is_deleted]  # the others stay in the bin, without end
    return Pruning(going, doomed, folders, [*staying, *kept], is_ours)


def prune(root: Path, pruning: Pruning) -> list[str]:
    """Remove runs and models by MLflow, then the folders of artifacts that are still there.

    Returns:
        What could not be removed, and why.

    Raises:
        Exception: Whatever makes the store unusable; the artifacts are then still there.
    """
    if pruning.runs or pruning.models:
        client = connect(f"sqlite:///{root / DATABASE}")
        for run in pruning.runs:
            if not run.is_deleted:
                client.delete_run(run.run_id)
        for model_id in pruning.models:
            client.delete_logged_model(model_id)
        if pruning.is_ours:
            _collect_garbage(f"sqlite:///{root / DATABASE}")
    return remove(pruning.folders)


def foreign_database(root: Path) -> Path | None:
    """Another database in the project's folder, such as one set aside; the artifacts may be those of its runs."""
    for path in sorted(root.iterdir()):
        if path.is_file() and path.name != DATABASE:
            with suppress(PermissionError), path.open("rb") as file:
                if file.read(len(SQLITE)) == SQLITE:
                    return path
    return None


def _artifacts(root: Path, doomed: set[str], known: set[str]) -> tuple[list[Path], list[str]]:
    """Folders of the runs and models that go, and of unknown ones; and what is not removed, with the reason."""
    artifacts = root / ARTIFACTS
    if artifacts.is_symlink():
        return [], [f"{artifacts}: it is a link"]
    found = [path for path in (*artifacts.glob("*"), *artifacts.glob("models/*")) if ID.fullmatch(path.name)]
    folders = sorted(path for path in found if path.is_dir() and not path.is_symlink())
    orphans = [path for path in folders if path.name not in known]
    other = foreign_database(root) if orphans else None
    if other is None:
        return [path for path in folders if path in orphans or path.name in doomed], []
    kept = f"{len(orphans)} folders of artifacts that {DATABASE} does not know: they may be those of {other}"
    return [path for path in folders if path.name in doomed], [kept]


def _eldest(run: TrackedRun, every: dict[str, TrackedRun]) -> str:
    seen = {run.run_id}
    while run.parent in every and run.parent not in seen and not every[run.parent].is_deleted:
        run = every[run.parent]
        seen.add(run.run_id)
    return run.run_id


def _collect_garbage(uri: str) -> None:
    """`mlflow gc`: remove for good what lies in MLflow's bin. In a process of its own, since it sets MLflow's store."""
    command = [sys.executable, "-m", "mlflow", "gc", "--backend-store-uri", uri, "--tracking-uri", uri]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip() or "it said nothing").splitlines()[-1]
        raise RuntimeError(f"`mlflow gc` failed: {said}")
