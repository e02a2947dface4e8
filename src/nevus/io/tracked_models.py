"""Classifiers out of MLflow, as a Kedro dataset."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from nevus.contracts import Classifier, NevusError
from nevus.io.model import SPEC, ModelDataset
from nevus.tracking.models import ModelStore
from nevus.tracking.options import TrackingOptions, sqlite_target, wanted_target


class TrackedModels:
    """Finds the classifiers of an MLflow store.

    Args:
        store: Of the models.
    """

    def __init__(self, store: ModelStore) -> None:
        self._store = store

    def find(self, reference: str) -> Callable[[], Classifier] | None:
        """What reads a classifier when it is called.

        Args:
            reference: As `ModelStore.location`.

        Returns:
            None for a reference of another form, such as the name of a run.

        Raises:
            NevusError: There is no such model, or the store cannot be used.
        """
        location = self._store.location(reference)
        return None if location is None else partial(self._read, location, reference)

    def _read(self, location: str, reference: str) -> Classifier:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(self._store.download(location, scratch))
            if not (folder / "artifacts" / SPEC).is_file():
                raise NevusError(f"{reference} is a model, but not one of nevus: it has no artifacts/{SPEC}.")
            return ModelDataset(filepath=str(folder)).load()


class TrackedModelsDataset(AbstractDataset[None, TrackedModels]):
    """The classifiers in the store that runs are tracked in.

    Args:
        filepath: The database that counts where neither `tracking_uri` nor the environment names a store.
        tracking_uri: As conf/base/mlflow.yml.
        experiment: Likewise.
        metadata: Ignored here, read by plugins.
    """

    def __init__(
        self, *, filepath: str, tracking_uri: str | None, experiment: str, metadata: dict[str, Any] | None = None
    ) -> None:
        database = Path(filepath).absolute()
        options = TrackingOptions(enabled=True, tracking_uri=tracking_uri, experiment=experiment)
        self._uri = wanted_target(options, database.parent, sqlite_target(database, experiment)).uri
        self.metadata = metadata

    def load(self) -> TrackedModels:
        """What finds them; the store is asked when somebody looks for one."""
        return TrackedModels(ModelStore(self._uri))

    def save(self, data: None) -> None:
        """Refuse: every run logs its own.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError("models are logged by the runs that train them, as <run>.classifier")

    def _describe(self) -> dict[str, Any]:
        return {"uri": self._uri}
