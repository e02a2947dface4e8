"""The names of the classes of a packed corpus, without opening it."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from nevus.io.corpus_folder import CorpusFolder


class ClassesDataset(AbstractDataset[None, tuple[str, ...]]):
    """Reads the names of the classes from a corpus' folder; for nodes that need no image.

    Args:
        filepath: The folder, as of a `CorpusDataset`, which writes it.
        metadata: Ignored here, read by plugins.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = CorpusFolder(Path(filepath))
        self.metadata = metadata

    def load(self) -> tuple[str, ...]:
        """The names; a label is a position among them.

        Raises:
            CorpusError: There is no corpus.
        """
        return tuple(self._folder.require()["classes"])

    def save(self, data: None) -> None:
        """Refuse: the corpus is saved as a whole.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError("the names of the classes are written with the corpus, by nevus.io.corpus.CorpusDataset")

    def _exists(self) -> bool:
        return self._folder.state() is not None

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder.path)}
