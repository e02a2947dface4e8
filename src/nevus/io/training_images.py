"""The images that finished runs were trained on, as a Kedro dataset."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from nevus.contracts import Corpus, CorpusError
from nevus.io.corpus import CorpusDataset

NESTED = re.compile(r"\.[^/-]+")  # `ladder.gan/seed0` has the splits of `ladder/seed0`


class TrainingImagesDataset(AbstractDataset[None, "Callable[[str], Corpus | None]"]):
    """Hands a node what opens the images that a finished run was trained on, by the name of the run.

    Args:
        filepath: The packed corpus.
        assignments: `filepath` of the folder where each run's `assignment.parquet` lies, at `<run>`.
        metadata: Ignored here, read by plugins.
    """

    def __init__(self, *, filepath: str, assignments: dict[str, str], metadata: dict[str, Any] | None = None) -> None:
        self._filepath, self._assignments = filepath, Path(assignments["filepath"])
        self.metadata = metadata

    def load(self) -> Callable[[str], Corpus | None]:
        """From the name of a run to the corpus without test and validation images; None where it is not there."""
        return self._open

    def save(self, data: None) -> None:
        """Refuse: `packed@recipe` saves the images, and every run its assignment.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError("the images of a training are saved as packed@recipe and <run>.corpus@assignment")

    def _open(self, run: str) -> Corpus | None:
        assignment = self._assignments / NESTED.sub("", run, count=1) / "assignment.parquet"
        dataset = CorpusDataset(
            filepath=self._filepath, assignment={"filepath": str(assignment)}, splits=["labeled", "unlabeled"]
        )
        try:
            return dataset.load()
        except (CorpusError, DatasetError):
            return None

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}
