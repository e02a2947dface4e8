"""What the runs of a data set leave for other runs that are made of them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from nevus.contracts import Classifier, Table
from nevus.io.files import ParquetDataset
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


class OutOfFoldDataset(AbstractDataset[Mapping[str, Table], dict[str, Callable[[], Table]]]):
    """Out-of-fold predictions of methods, a file each, so that those of one stay when another is cross-validated.

    Args:
        filepath: The folder of the data set's model outputs; a method's table lies at `<pipeline>.<method><run>/FILE`.
        run: What stands behind the name of a method in paths, such as `-wide/seed0`.
        pipeline: Whose runs have them.
        metadata: Ignored here, read by plugins.
    """

    FILE = "out_of_fold.parquet"

    def __init__(
        self, *, filepath: str, run: str, pipeline: str = "cross_validation", metadata: dict[str, Any] | None = None
    ) -> None:
        self._folder, self._run, self._prefix = Path(filepath), run, f"{pipeline}."
        self.metadata = metadata

    def load(self) -> dict[str, Callable[[], Table]]:
        """What reads each table when it is called, by the names of runs, such as `supervised-wide/seed0`, of any."""
        found = {}
        for file in sorted(self._folder.glob(f"{self._prefix}*/*/{self.FILE}")):
            name = file.parent.relative_to(self._folder).as_posix().removeprefix(self._prefix)
            found[name] = ParquetDataset(filepath=str(file)).load
        return found

    def save(self, data: Mapping[str, Table]) -> None:
        """Write the table of each method, by its name, whole or not at all."""
        for method, table in data.items():
            file = self._folder / f"{self._prefix}{method}{self._run}" / self.FILE
            ParquetDataset(filepath=str(file)).save(table)

    def _exists(self) -> bool:
        return any(self._folder.glob(f"{self._prefix}*{self._run}/{self.FILE}"))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder), "run": self._run}
