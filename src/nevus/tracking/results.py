"""Results of tracked runs, read from any store that MLflow knows."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from nevus.contracts import NevusError, Table, TrackedResult
from nevus.tracking.causes import brief, why
from nevus.tracking.experiment import alone, connect, database_of
from nevus.tracking.mlflow_import import import_mlflow
from nevus.tracking.tracked_runs import read_experiments

if TYPE_CHECKING:
    from mlflow import MlflowClient

T = TypeVar("T")

A_PAGE = 1000  # runs
WHERE = "Where runs are kept is set by tracking_uri in conf/base/mlflow.yml, or by MLFLOW_TRACKING_URI."


class ResultsStore:
    """A tracking store, opened when it is first asked.

    Args:
        uri: Of a server, a database or a folder.
        experiment: Name of the project's own experiment.
    """

    def __init__(self, uri: str, experiment: str) -> None:
        self._uri, self._experiment = uri, experiment
        self._opened: MlflowClient | None = None

    def results(self, experiments: Sequence[str]) -> list[TrackedResult]:
        """All runs of these experiments, the newest first; of the project's own experiment where none is named.

        Raises:
            NevusError: The store cannot be used, or there is no such experiment.
        """
        names = self._ids()
        found = []
        for wanted in experiments or [self._experiment]:
            if wanted not in names:
                raise NevusError(
                    f"{self._uri} has no experiment '{wanted}'. It has: {', '.join(sorted(names)) or 'none'}. Give "
                    "--params reporting.experiments=[NAME], or train first, such as by `kedro run --pipeline=ssgan`."
                )
            found += self._ask(partial(_runs_of, experiment=wanted, experiment_id=names[wanted]))
        return sorted(found, key=lambda run: (-run.started, run.run_id))

    def predictions(self, artifacts: str, file: str) -> Table:
        """A table of predictions among the artifacts of a run.

        Raises:
            NevusError: It cannot be had; the message says why.
        """
        import_mlflow()
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
        from pyarrow.parquet import ParquetFile

        try:
            repository: Any = get_artifact_repository(artifacts, tracking_uri=self._uri)
            path = repository.download_artifacts(file)
            table: Table = ParquetFile(path).read().to_pandas()  # in two thirds of the time that pandas takes
        except Exception as error:  # every kind of place has failures of its own
            raise NevusError(f"{artifacts}/{file} cannot be had. {brief(error)}") from error
        return table

    def _ids(self) -> dict[str, str]:
        experiments = self._ask(read_experiments)
        return {str(one.name): str(one.experiment_id) for one in experiments if one.lifecycle_stage == "active"}

    def _ask(self, question: Callable[[MlflowClient], T]) -> T:
        try:
            if self._opened is None:
                self._opened = self._open()
            return question(self._opened)
        except NevusError:
            raise
        except Exception as error:  # whatever SQLAlchemy, requests or MLflow raise
            raise NevusError(f"the tracked runs cannot be read. {why(error, self._uri)} {WHERE}") from error

    def _open(self) -> MlflowClient:
        database = database_of(self._uri)
        if database is not None and not Path(database).exists():  # MLflow would make an empty one
            raise NevusError(f"no run has been tracked yet: there is no {database}. {WHERE}")
        with alone(database):  # another run may just be making its tables
            return connect(self._uri)


def _runs_of(client: MlflowClient, experiment: str, experiment_id: str) -> list[TrackedResult]:
    found, token = [], None
    while True:
        page = client.search_runs([experiment_id], max_results=A_PAGE, page_token=token)
        found += [_result(run, experiment) for run in page]
        if not (token := page.token):
            return found


def _result(run: Any, experiment: str) -> TrackedResult:
    info, data = run.info, run.data
    return TrackedResult(
        run_id=info.run_id,
        experiment=experiment,
        name=info.run_name or info.run_id,
        status=info.status,
        started=info.start_time or 0,
        ended=info.end_time,
        tags=data.tags,
        params=data.params,
        metrics=data.metrics,
        images=_images(run),
        artifacts=info.artifact_uri,
    )


def _images(run: Any) -> dict[str, int]:
    """Counts of the corpus, which is kept as an input for training and one for the test."""
    counts: dict[str, int] = {}
    for used in run.inputs.dataset_inputs if run.inputs else ():
        try:
            images = json.loads(used.dataset.profile or "{}").get("images", {})
            counts |= {str(split): int(count) for split, count in images.items()}
        except (ValueError, TypeError, AttributeError):  # an input of another program
            continue
    return counts
