"""What the runs of a data set leave for other runs that are made of them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from kedro.io import AbstractDataset, DatasetError

from nevus.contracts import Table
from nevus.io.files import ParquetDataset
from nevus.io.generator import SPEC, GeneratorDataset
from nevus.io.model import ModelDataset


class FinishedDataset(AbstractDataset[None, dict[str, Callable[[], Any]]]):
    """What all finished runs have of one kind, by the names of the runs, such as `supervised-wide/seed0`.

    Attributes:
        made: A file that is there when it is whole, in the folder of a run's models.
        dataset: What reads the folder of that file.
        saved_by: Who saves it, for a message.

    Args:
        filepath: The folder of the data set's models; each run has its own in it.
        metadata: Ignored here, read by plugins.
    """

    made: ClassVar[str]
    dataset: ClassVar[type[Any]]
    saved_by: ClassVar[str]

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.metadata = metadata

    def load(self) -> dict[str, Callable[[], Any]]:
        """What reads each when it is called, in the order of the names; empty where no run is finished."""
        folders = sorted(file.parent for file in self._folder.glob(f"*/*/{self.made}"))
        return {
            folder.parent.relative_to(self._folder).as_posix(): self.dataset(filepath=str(folder)).load
            for folder in folders
        }

    def save(self, data: None) -> None:
        """Refuse: every run saves its own.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError(f"what finished runs have is saved by their own pipelines, as {self.saved_by}")

    def _exists(self) -> bool:
        return self._folder.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}


class FinishedRunsDataset(FinishedDataset):
    """The classifiers (`Classifier`) of all finished runs."""

    made, dataset, saved_by = "model/MLmodel", ModelDataset, "<run>.classifier"


class FinishedGeneratorsDataset(FinishedDataset):
    """The generators (`SavedGenerator`) of all finished runs."""

    made, dataset, saved_by = f"generator/{SPEC}", GeneratorDataset, "<run>.generator"


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
