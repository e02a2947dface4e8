"""Kedro's datasets of one file, written whole or not at all: a concurrent run reads the old or the new file."""

from kedro_datasets import pandas, text
from kedro_datasets_experimental import safetensors

from nevus.io.atomic import Atomic


class ParquetDataset(Atomic, pandas.ParquetDataset):  # type: ignore[misc]
    """`pandas.ParquetDataset` that replaces its file in one go."""


class CSVDataset(Atomic, pandas.CSVDataset):  # type: ignore[misc]
    """`pandas.CSVDataset` that replaces its file in one go."""


class TextDataset(Atomic, text.TextDataset):  # type: ignore[misc]
    """`text.TextDataset` that replaces its file in one go."""


class SafetensorsDataset(Atomic, safetensors.SafetensorsDataset):  # type: ignore[misc]
    """`safetensors.SafetensorsDataset` that replaces its file in one go."""
