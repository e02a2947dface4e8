"""The experiment that runs are kept in: found or made in any store, and cleared of runs whose process has died."""

from __future__ import annotations

import os
import socket
import sqlite3
import time
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nevus.locks import Lock
from nevus.tracking.mlflow_import import import_mlflow
from nevus.tracking.process import process_start

if TYPE_CHECKING:
    from mlflow import MlflowClient

# A server that cannot be reached costs seconds, not MLflow's default of many minutes.
PATIENCE = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
}
LOCK_SECONDS = 60  # the tables of a new database take five
TAGS = {"mlflow.experimentKind": "custom_model_development"}  # not a GenAI application


@dataclass(frozen=True)
class Target:
    """Where runs are kept.

    Attributes:
        uri: MLflow's tracking URI.
        experiment: Name; made if there is none.
        artifacts: URI of the folder for the artifacts of a new experiment; None leaves it to the server.
    """

    uri: str
    experiment: str
    artifacts: str | None = None


def open_experiment(target: Target) -> tuple[MlflowClient, str]:
    """A client and the experiment's id; runs of this machine whose process has died are ended.

    Raises:
        BusyError: Another process is making the tables of the database, and does not come to an end.
        Exception: Whatever SQLite or MLflow raise; `nevus.tracking.causes` puts it in words.
    """
    with alone(database_of(target.uri)):
        client = connect(target.uri)
        experiment_id = _experiment_id(client, target)
    end_dead_runs(client, experiment_id)
    return client, experiment_id


def connect(uri: str) -> MlflowClient:
    """A client of a store.

    Raises:
        Exception: Whatever SQLite or MLflow raise where the store cannot be used.
    """
    for name, value in PATIENCE.items():
        os.environ.setdefault(name, value)
    import_mlflow()
    from mlflow import MlflowClient

    database = database_of(uri)
    if database is not None:
        _try(database)
    return MlflowClient(tracking_uri=uri)


def end_dead_runs(client: MlflowClient, experiment_id: str) -> None:
    """Mark runs as KILLED that this machine left RUNNING and whose process no longer lives (`kill -9`, power cut)."""
    host = socket.gethostname()
    wanted = f"attributes.status = 'RUNNING' and tags.host = '{host}'"
    for run in client.search_runs([experiment_id], wanted):
        tags = run.data.tags
        if tags.get("pid", "").isdigit() and process_start(int(tags["pid"])) != tags.get("pid_started"):
            client.set_terminated(run.info.run_id, "KILLED", int(time.time() * 1000))


def database_of(uri: str) -> Path | None:
    """The file behind the URI of an SQLite database; None for a server."""
    scheme, slashes, path = uri.partition(":///")
    return Path(path.partition("?")[0]) if scheme == "sqlite" and slashes else None


def alone(database: Path | None) -> AbstractContextManager[None]:
    """Two first runs at once would both make the tables of a new database, and one of them would fail."""
    if database is None:
        return nullcontext()
    return Lock.beside(database).held(
        seconds=LOCK_SECONDS, what=f"The database {database}", remedy="End that process and run again."
    )


def _try(database: Path) -> None:
    """Raise what makes the file unusable; MLflow would try again for a minute and a half, and log a traceback."""
    with closing(sqlite3.connect(database, timeout=LOCK_SECONDS)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.rollback()


def _experiment_id(client: MlflowClient, target: Target) -> str:
    from mlflow.exceptions import MlflowException

    experiment = client.get_experiment_by_name(target.experiment)
    if experiment is None:
        try:
            return str(client.create_experiment(target.experiment, artifact_location=target.artifacts, tags=TAGS))
        except MlflowException:
            # Another run may have made it in between; if not, the cause is worth more than a missing experiment.
            experiment = client.get_experiment_by_name(target.experiment)
            if experiment is None:
                raise
    if experiment.lifecycle_stage == "deleted":
        client.restore_experiment(experiment.experiment_id)
    return str(experiment.experiment_id)
