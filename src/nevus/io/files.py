"""Kedro's datasets of one file, written whole or not at all: a concurrent run reads the old or the new file."""

from pathlib import Path

from kedro_datasets import pandas, text
from kedro_datasets_experimental import safetensors

from nevus.contracts import Table, no_warnings
from nevus.io.atomic import Atomic


class ParquetDataset(Atomic, pandas.ParquetDataset):  # type: ignore[misc]
    """`pandas.ParquetDataset` that replaces its file in one go."""


class CSVDataset(Atomic, pandas.CSVDataset):  # type: ignore[misc]
    """`pandas.CSVDataset` that replaces its file in one go."""


class WarningsDataset(CSVDataset):
    """The warnings in the folder of a packed corpus; no rows where an older version packed it and wrote none."""

    def load(self) -> Table:
        """The table, all of it text."""
        file = Path(self._filepath)
        return no_warnings() if file.parent.is_dir() and not file.exists() else super().load()


class TextDataset(Atomic, text.TextDataset):  # type: ignore[misc]
    """`text.TextDataset` that replaces its file in one go."""


class SafetensorsDataset(Atomic, safetensors.SafetensorsDataset):  # type: ignore[misc]
    """`safetensors.SafetensorsDataset` that replaces its file in one go."""
