"""Kedro's catalog, with an answer to names that are not in it."""

import difflib
from typing import Any

from kedro.io import AbstractDataset, DataCatalog, DatasetNotFoundError

from nevus.io.later import LaterDataset


class Catalog(DataCatalog):
    """Kedro's catalog; whoever asks for a dataset that is not there is told the names of its views, or the closest.

    A `LaterDataset` in it loads others of it.
    """

    def get(self, key: str, *arguments: Any, **options: Any) -> AbstractDataset[Any, Any] | None:
        """The dataset of this name; None where there is none."""
        dataset: AbstractDataset[Any, Any] | None = super().get(key, *arguments, **options)
        if isinstance(dataset, LaterDataset):
            dataset.catalog = self
        return dataset

    def __getitem__(self, ds_name: str) -> AbstractDataset[Any, Any]:
        """The dataset of this name.

        Raises:
            DatasetNotFoundError: There is none; the message names the views or the closest names.
        """
        try:
            return super().__getitem__(ds_name)
        except DatasetNotFoundError as error:
            raise DatasetNotFoundError(f"{error}{self._meant(ds_name)}") from None

    def load(self, ds_name: str, version: str | None = None) -> Any:
        """What the dataset of this name holds.

        Raises:
            DatasetNotFoundError: There is none; the message names the views or the closest names.
        """
        try:
            return super().load(ds_name, version)
        except DatasetNotFoundError as error:
            raise DatasetNotFoundError(f"{error}{self._meant(ds_name)}") from None

    def _meant(self, name: str) -> str:
        """`; it has views: corpus@test, corpus@training` for `corpus`, and likewise for what patterns make."""
        patterns = [*self.keys(), *self.config_resolver.list_patterns()]
        views = {pattern.partition("@")[2] for pattern in patterns if "@" in pattern}
        if found := sorted(f"{name}@{view}" for view in views if f"{name}@{view}" in self):
            return f"; it has views, of which one is loaded at a time: {', '.join(found)}"
        close = difflib.get_close_matches(name, self.keys())
        return f"; close names: {', '.join(close)}" if close else ""
