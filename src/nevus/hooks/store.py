"""One run in one MLflow store, reached by a client and an explicit run id.

MLflow takes one to two seconds to import, so it is imported inside the functions.
"""

from __future__ import annotations

import errno
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nevus.hooks.headers import Header
from nevus.hooks.points import Point
from nevus.tracking.causes import cut
from nevus.tracking.experiment import Target, open_experiment

if TYPE_CHECKING:
    from mlflow import MlflowClient

POINTS_A_BATCH = 1000  # MLflow's limits
PARAMS_A_BATCH = 100
LONGEST_PARAM = 6000
LONGEST_TAG = 5000
DIGEST = 12  # characters of the fingerprint; the tag has all 64, MLflow takes 36 and its table shows fewer
UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES}  # the folder of the artifacts
REFUSED = {"INVALID_PARAMETER_VALUE", "BAD_REQUEST", "INVALID_STATE", "REQUEST_LIMIT_EXCEEDED"}


class RunStore:
    """One run. Every method may raise whatever MLflow raises; `is_lost` tells what that means.

    Attributes:
        target: Where the run is kept.
        run_id: The run's id there.
        experiment_id: The experiment's id there.
    """

    def __init__(
        self, client: MlflowClient, target: Target, experiment_id: str, header: Header, parent_id: str | None = None
    ) -> None:
        """Create the run, nested in another one where that one's id is given."""
        from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

        self.target = target
        self.experiment_id = experiment_id
        self._client = client
        tags = {key: cut(value, LONGEST_TAG) for key, value in header.tags.items()}
        tags |= {MLFLOW_PARENT_RUN_ID: parent_id} if parent_id else {}
        run = client.create_run(experiment_id, header.started, tags, header.name)
        self.run_id: str = run.info.run_id
        self._models: list[str] = []
        self._final: list[Point] = []
        self._known = dict(header.params)
        self._log_params(header.params)
        if header.corpus:
            self._log_corpus(header)

    def describe(self, header: Header) -> None:
        """Keep what a header knows that the one which the run started with did not; parameters never change."""
        from mlflow.entities import RunTag

        tags = [RunTag(key, cut(value, LONGEST_TAG)) for key, value in header.tags.items()]
        self._client.log_batch(self.run_id, tags=tags)
        self._log_params({key: value for key, value in header.params.items() if key not in self._known})
        self._known |= header.params
        if header.corpus:
            self._log_corpus(header)

    def set_tag(self, key: str, value: str) -> None:
        """Keep a tag; cut when too long."""
        self._client.set_tag(self.run_id, key, cut(value, LONGEST_TAG))

    def log_history(self, points: Sequence[Point]) -> None:
        """Keep curves, in batches."""
        self._log_points(points, None)

    def log_metrics(self, points: Sequence[Point], further: Sequence[Point] = ()) -> None:
        """Keep final values, and others that are not those of the model, which gets its own when the run ends."""
        self._log_points([*points, *further], None)
        self._final += points

    def log_artifact(self, path: Path, folder: str | None) -> None:
        """Copy a file or a folder into a folder of the run's artifacts (None: the top)."""
        if path.is_dir():
            self._client.log_artifacts(self.run_id, str(path), f"{folder}/{path.name}" if folder else path.name)
        else:
            self._client.log_artifact(self.run_id, str(path), folder)

    def log_model(self, path: Path, name: str) -> None:
        """Turn an MLflow model folder into a logged model of this run, as `mlflow.<flavor>.log_model` does."""
        from mlflow.entities import LoggedModelOutput
        from mlflow.models import Model

        params = self._client.get_run(self.run_id).data.params
        logged = self._client.create_logged_model(
            self.experiment_id, name.replace(".", "-"), self.run_id, params=params
        )
        try:
            with tempfile.TemporaryDirectory() as scratch:
                copy = Path(shutil.copytree(path, Path(scratch) / "model"))
                description = Model.load(str(copy))
                description.run_id, description.model_id = self.run_id, logged.model_id
                # MLflow itself notes where on this machine the model lies, as if that were the same everywhere
                description.model_uuid, description.artifact_path = logged.model_id, f"models:/{logged.model_id}"
                description.save(str(copy / "MLmodel"))
                self._client.log_model_artifacts(logged.model_id, str(copy))
        except Exception:
            self._client.finalize_logged_model(logged.model_id, "FAILED")
            raise
        self._client.finalize_logged_model(logged.model_id, "READY")
        self._client.log_outputs(self.run_id, [LoggedModelOutput(logged.model_id, step=0)])
        self._models.append(logged.model_id)

    def end(self, status: str, ended: int) -> None:
        """Close the run as FINISHED, FAILED or KILLED, at a time in milliseconds since 1970."""
        for model_id in self._models:
            self._log_points(self._final, model_id)
        self._client.set_terminated(self.run_id, status, ended)

    def _log_params(self, params: Mapping[str, str]) -> None:
        """Values beyond MLflow's limit are cut and marked."""
        from mlflow.entities import Param

        entities = [Param(key, cut(value, LONGEST_PARAM)) for key, value in params.items()]
        for start in range(0, len(entities), PARAMS_A_BATCH):
            self._client.log_batch(self.run_id, params=entities[start : start + PARAMS_A_BATCH])

    def _log_corpus(self, header: Header) -> None:
        """One input for training and one for the test, of two names: MLflow keeps one context for a name and digest."""
        from mlflow.entities import Dataset, DatasetInput, InputTag
        from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT

        name, corpus = header.tags.get("dataset", "corpus"), header.corpus or ""
        source = json.dumps({"dataset": name, "corpus": corpus})
        inputs = []
        for context in ("training", "test"):
            of_test = context == "test"
            images = {split: count for split, count in header.images.items() if (split == "test") == of_test}
            profile = json.dumps({"images": images}) if images else None
            shown = f"{name} (test)" if of_test else name
            dataset = Dataset(shown, corpus[:DIGEST], "nevus", source, profile=profile)
            inputs.append(DatasetInput(dataset, [InputTag(MLFLOW_DATASET_CONTEXT, context)]))
        self._client.log_inputs(self.run_id, inputs)

    def _log_points(self, points: Sequence[Point], model_id: str | None) -> None:
        from mlflow.entities import Metric

        metrics = [Metric(p.key, p.value, p.timestamp, p.step, model_id, run_id=self.run_id) for p in points]
        for start in range(0, len(metrics), POINTS_A_BATCH):
            self._client.log_batch(self.run_id, metrics=metrics[start : start + POINTS_A_BATCH])


def create_runs(target: Target, headers: Mapping[str, Header]) -> dict[str, RunStore]:
    """All runs by their keys, in a store just opened."""
    client, experiment_id = open_experiment(target)
    runs: dict[str, RunStore] = {}
    for key, header in headers.items():
        parent = runs[header.parent].run_id if header.parent in runs else None
        runs[key] = RunStore(client, target, experiment_id, header, parent)
    return runs


def is_lost(error: Exception) -> bool:
    """Whether the store cannot be used any more, rather than having refused one thing."""
    from mlflow.exceptions import MlflowException
    from requests.exceptions import RequestException

    if isinstance(error, MlflowException):
        return error.error_code not in REFUSED
    if isinstance(error, RequestException | ConnectionError | TimeoutError | sqlite3.Error):
        return True
    return isinstance(error, OSError) and error.errno in UNWRITABLE
