"""What an MLflow store holds: its experiments, runs and logged models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nevus.tracking.experiment import end_dead_runs

if TYPE_CHECKING:
    from mlflow import MlflowClient


@dataclass(frozen=True)
class TrackedRun:
    """A run in MLflow.

    Attributes:
        run_id: Its id.
        name: As shown, such as `ssgan/seed0`.
        experiment: The experiment's name.
        parent: Id of the run that it is nested in, or None.
        started: Milliseconds since 1970.
        is_deleted: Whether it lies in MLflow's bin already.
        is_going_on: Whether a process is still at it.
        registered: Name in the registry of a model of this run, or None.
    """

    run_id: str
    name: str
    experiment: str
    parent: str | None = None
    started: int = 0
    is_deleted: bool = False
    is_going_on: bool = False
    registered: str | None = None

    def __str__(self) -> str:
        return f"tracked run {self.name} of {self.experiment}"

    @property
    def obstacle(self) -> str | None:
        """Why it has to stay, or None."""
        if self.is_going_on:
            return "it is going on"
        return None if self.registered is None else f"its model is registered as {self.registered}"


def read_runs(client: MlflowClient) -> list[TrackedRun]:
    """All runs of all experiments, deleted ones too; those of this machine whose process has died are ended first."""
    from mlflow.entities import ViewType
    from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

    names = {one.experiment_id: one.name for one in read_experiments(client)}
    for experiment_id in names:
        end_dead_runs(client, experiment_id)
    registered = {version.run_id: version.name for version in _pages(client.search_model_versions)}
    found = []
    for run in _pages(client.search_runs, list(names), run_view_type=ViewType.ALL) if names else ():
        info = run.info
        one = TrackedRun(
            run_id=info.run_id,
            name=info.run_name,
            experiment=names[info.experiment_id],
            parent=run.data.tags.get(MLFLOW_PARENT_RUN_ID),
            started=info.start_time,
            is_deleted=info.lifecycle_stage == "deleted",
            is_going_on=info.status == "RUNNING",
            registered=registered.get(info.run_id),
        )
        found.append(one)
    return found


def read_experiments(client: MlflowClient) -> list[Any]:
    """All experiments, those in MLflow's bin too."""
    from mlflow.entities import ViewType

    return _pages(client.search_experiments, view_type=ViewType.ALL)


def read_models(client: MlflowClient) -> list[Any]:
    """The logged models of all experiments, less those in MLflow's bin."""
    ids = [one.experiment_id for one in read_experiments(client)]
    return _pages(client.search_logged_models, ids) if ids else []


def _pages(search: Callable[..., Any], *arguments: Any, **options: Any) -> list[Any]:
    """All results of a search that gives them in pages."""
    page = search(*arguments, **options)
    found = list(page)
    while page.token:
        page = search(*arguments, page_token=page.token, **options)
        found += page
    return found
