"""One run in one MLflow store, reached by a client and an explicit run id.

MLflow takes one to two seconds to import, so it is imported inside the functions.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nevus.hooks.points import Point
from nevus.hooks.provenance import Header, process_start

if TYPE_CHECKING:
    from mlflow import MlflowClient

POINTS_A_BATCH = 1000  # MLflow's limits
PARAMS_A_BATCH = 100
LONGEST_PARAM = 6000
LONGEST_TAG = 5000
CUT = " … [cut]"
# A server that cannot be reached costs seconds, not MLflow's default of many minutes.
PATIENCE = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
}
REFUSED = {"INVALID_PARAMETER_VALUE", "BAD_REQUEST", "INVALID_STATE", "REQUEST_LIMIT_EXCEEDED"}


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


class RunStore:
    """One run. Every method may raise whatever MLflow raises; `is_lost` tells what that means.

    Attributes:
        target: Where the run is kept.
        run_id: The run's id there.
        experiment_id: The experiment's id there.
    """

    def __init__(self, target: Target, header: Header) -> None:
        """Create the run; runs of this machine whose process has died are ended first."""
        for name, value in PATIENCE.items():
            os.environ.setdefault(name, value)
        from nevus.io.mlflow_import import import_mlflow

        import_mlflow()
        from mlflow import MlflowClient

        self.target = target
        with _alone(target):
            self._client = MlflowClient(tracking_uri=target.uri)
            self.experiment_id = _experiment_id(self._client, target)
        end_dead_runs(self._client, self.experiment_id)
        run = self._client.create_run(self.experiment_id, header.started, header.tags, header.name)
        self.run_id: str = run.info.run_id
        self._models: dict[str, str] = {}
        self._final: dict[str, list[Point]] = {}
        self.log_params(header.params)

    def log_params(self, params: dict[str, str]) -> None:
        """Keep the parameters; values beyond MLflow's limit are cut and marked."""
        from mlflow.entities import Param

        entities = [Param(key, cut(value, LONGEST_PARAM)) for key, value in params.items()]
        for start in range(0, len(entities), PARAMS_A_BATCH):
            self._client.log_batch(self.run_id, params=entities[start : start + PARAMS_A_BATCH])

    def set_tag(self, key: str, value: str) -> None:
        """Keep a tag; cut when too long."""
        self._client.set_tag(self.run_id, key, cut(value, LONGEST_TAG))

    def log_history(self, points: Sequence[Point]) -> None:
        """Keep curves, in batches."""
        self._log_points(points, None)

    def log_metrics(self, points: Sequence[Point], namespace: str) -> None:
        """Keep final values. The model of the same namespace gets them too when the run ends."""
        self._log_points(points, None)
        self._final.setdefault(namespace, []).extend(points)

    def log_artifact(self, path: Path, folder: str | None) -> None:
        """Copy a file or a folder into a folder of the run's artifacts (None: the top)."""
        if path.is_dir():
            self._client.log_artifacts(self.run_id, str(path), f"{folder}/{path.name}" if folder else path.name)
        else:
            self._client.log_artifact(self.run_id, str(path), folder)

    def log_model(self, path: Path, namespace: str) -> None:
        """Turn an MLflow model folder into a logged model of this run, as `mlflow.<flavor>.log_model` does."""
        from mlflow.entities import LoggedModelOutput
        from mlflow.models import Model

        params = self._client.get_run(self.run_id).data.params
        logged = self._client.create_logged_model(
            self.experiment_id, namespace.replace(".", "-"), self.run_id, params=params
        )
        try:
            with tempfile.TemporaryDirectory() as scratch:
                copy = Path(shutil.copytree(path, Path(scratch) / "model"))
                description = Model.load(str(copy))
                description.run_id, description.model_id = self.run_id, logged.model_id
                description.model_uuid, description.artifact_path = logged.model_id, logged.artifact_location
                description.save(str(copy / "MLmodel"))
                self._client.log_model_artifacts(logged.model_id, str(copy))
        except Exception:
            self._client.finalize_logged_model(logged.model_id, "FAILED")
            raise
        self._client.finalize_logged_model(logged.model_id, "READY")
        self._client.log_outputs(self.run_id, [LoggedModelOutput(logged.model_id, step=0)])
        self._models[namespace] = logged.model_id

    def end(self, status: str, ended: int) -> None:
        """Close the run as FINISHED, FAILED or KILLED, at a time in milliseconds since 1970."""
        for namespace, model_id in self._models.items():
            self._log_points(self._final.get(namespace, []), model_id)
        self._client.set_terminated(self.run_id, status, ended)

    def _log_points(self, points: Sequence[Point], model_id: str | None) -> None:
        from mlflow.entities import Metric

        metrics = [Metric(p.key, p.value, p.timestamp, p.step, model_id, run_id=self.run_id) for p in points]
        for start in range(0, len(metrics), POINTS_A_BATCH):
            self._client.log_batch(self.run_id, metrics=metrics[start : start + POINTS_A_BATCH])


def _alone(target: Target) -> AbstractContextManager[object]:
    """Two first runs at once would both make the tables of a new database, and one of them would fail."""
    from filelock import FileLock

    scheme, slashes, path = target.uri.partition(":///")
    if scheme != "sqlite" or not slashes:
        return nullcontext()
    return FileLock(Path(path).with_name(f".{Path(path).name}.lock"))


def is_lost(error: Exception) -> bool:
    """Whether the store cannot be used any more, rather than having refused one thing."""
    from mlflow.exceptions import MlflowException
    from requests.exceptions import RequestException

    if isinstance(error, MlflowException):
        return error.error_code not in REFUSED
    return isinstance(error, RequestException | ConnectionError | TimeoutError)


def cut(text: str, longest: int) -> str:
    """The text, or its beginning with a mark when it is longer than allowed."""
    return text if len(text) <= longest else text[: longest - len(CUT)] + CUT


def end_dead_runs(client: MlflowClient, experiment_id: str) -> None:
    """Mark runs as KILLED that this machine left RUNNING and whose process no longer lives (`kill -9`, power cut)."""
    host = socket.gethostname()
    wanted = f"attributes.status = 'RUNNING' and tags.host = '{host}'"
    for run in client.search_runs([experiment_id], wanted):
        tags = run.data.tags
        if tags.get("pid", "").isdigit() and process_start(int(tags["pid"])) != tags.get("pid_started"):
            client.set_terminated(run.info.run_id, "KILLED", int(time.time() * 1000))


def _experiment_id(client: MlflowClient, target: Target) -> str:
    from mlflow.exceptions import MlflowException

    experiment = client.get_experiment_by_name(target.experiment)
    if experiment is None:
        try:
            return str(client.create_experiment(target.experiment, artifact_location=target.artifacts))
        except MlflowException:
            # Another run may have made it in between; if not, the cause is worth more than a missing experiment.
            experiment = client.get_experiment_by_name(target.experiment)
            if experiment is None:
                raise
    if experiment.lifecycle_stage == "deleted":
        client.restore_experiment(experiment.experiment_id)
    return str(experiment.experiment_id)
