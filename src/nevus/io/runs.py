"""The finished runs of a data set, as a dataset that others are made of."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from nevus.contracts import Classifier
from nevus.io.model import ModelDataset


class FinishedRunsDataset(AbstractDataset[None, dict[str, Callable[[], Classifier]]]):
    """The classifiers of all finished runs, by the names of the runs, such as `supervised-wide/seed0`.

    Args:
        filepath: The folder of the data set's models; each run has its own at `<run>/model`.
        metadata: Ignored here, read by plugins.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.metadata = metadata

    def load(self) -> dict[str, Callable[[], Classifier]]:
        """What reads each classifier when it is called, in the order of the names; empty where no run is finished."""
        folders = sorted(file.parent for file in self._folder.glob("*/*/model/MLmodel"))
        return {folder.parent.relative_to(self._folder).as_posix(): _reader(folder) for folder in folders}

    def save(self, data: None) -> None:
        """Refuse: every run saves its own.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError("finished runs are saved by their own pipelines, as <run>.classifier")

    def _exists(self) -> bool:
        return self._folder.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}


def _reader(folder: Path) -> Callable[[], Classifier]:
    return ModelDataset(filepath=str(folder)).load
