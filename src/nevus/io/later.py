"""A dataset that is loaded when somebody asks for it, rather than before the node runs."""

from collections.abc import Callable
from typing import Any

from kedro.io import AbstractDataset, CatalogProtocol, DatasetError


class LaterDataset(AbstractDataset[None, Callable[[], Any]]):
    """Hands a node what loads another dataset of the catalog: of two inputs, it may need only one.

    Args:
        of: Name of the other dataset.
        metadata: Ignored here, read by plugins.

    Attributes:
        of: That name.
        catalog: With the other dataset; `nevus.io.catalog.Catalog` sets it.
    """

    def __init__(self, *, of: str, metadata: dict[str, Any] | None = None) -> None:
        self.of = of
        self.metadata = metadata
        self.catalog: CatalogProtocol[AbstractDataset[Any, Any], Any] | None = None

    def load(self) -> Callable[[], Any]:
        """What loads the other dataset when it is called, with the errors of that."""
        return self._load_other

    def save(self, data: None) -> None:
        """Refuse: the other dataset is saved by its own name.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError(f"this only loads '{self.of}'; let the node save to that")

    def _load_other(self) -> Any:
        if self.catalog is None:
            raise DatasetError(f"'{self.of}' can be loaded in a catalog of nevus.io.catalog.Catalog only")
        return self.catalog.load(self.of)

    def _describe(self) -> dict[str, Any]:
        return {"of": self.of}
