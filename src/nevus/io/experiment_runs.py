"""The tracked runs of experiments, as a dataset that leaderboards are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from nevus.contracts import TrackingStore
from nevus.tracking.options import TrackingOptions, sqlite_target, wanted_target
from nevus.tracking.results import ResultsStore


class ExperimentRunsDataset(AbstractDataset[None, TrackingStore]):
    """The store in which runs are tracked: a server, a folder, or a database. It is opened when it is first asked.

    Args:
        filepath: The project's own database, in which runs are kept where no other store is set.
        tracking_uri: Of the store, as in conf/base/mlflow.yml; None takes the environment variable
            MLFLOW_TRACKING_URI, or else the project's own.
        experiment: Name of the project's own experiment.
        metadata: Ignored here, read by plugins.
    """

    def __init__(
        self, *, filepath: str, experiment: str, tracking_uri: str | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        self._database = Path(filepath)
        self._options = TrackingOptions(enabled=True, tracking_uri=tracking_uri, experiment=experiment)
        self.metadata = metadata

    def load(self) -> TrackingStore:
        """What reads runs and predictions when it is asked; it raises `NevusError` where they cannot be had."""
        local = sqlite_target(self._database.absolute(), self._options.experiment)
        target = wanted_target(self._options, self._database.absolute().parent, local)
        return ResultsStore(target.uri, target.experiment)

    def save(self, data: None) -> None:
        """Refuse: every run is tracked while it runs.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError("runs are tracked while they run, by nevus.hooks.tracking")

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._database), **self._options.model_dump()}
