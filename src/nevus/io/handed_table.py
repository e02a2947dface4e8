"""One table that somebody hands in, as a Kedro dataset."""

from pathlib import Path

from nevus.contracts import Source
from nevus.io.listed_files import ListedFiles
from nevus.io.source import SourceDataset


class HandedTableDataset(SourceDataset):
    """One file, which a reader turns into a table.

    Args:
        filepath: Where it lies; null where nobody names any.
        obtain: What to do, for the message when nothing is there.
        metadata: Ignored here, read by plugins.
    """

    wanted, parameter = "a table (CSV, Excel or parquet)", "external.predictions"

    def _open(self, path: Path) -> Source:
        if path.is_file():
            return ListedFiles(path.parent, path.name)
        if path.is_dir():
            raise self._refusal(path, "it is a folder")
        return super()._open(path)
