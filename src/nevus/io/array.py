"""One NumPy array in one file."""

from pathlib import Path
from typing import Any

import numpy as np
from kedro.io import AbstractDataset
from numpy.typing import NDArray

from nevus.io.atomic import replacing


class ArrayDataset(AbstractDataset[NDArray[Any], NDArray[Any]]):
    """A `.npy` file, written whole or not at all.

    Args:
        filepath: The file.
        metadata: Ignored by Kedro.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(filepath)
        self.metadata = metadata

    def load(self) -> NDArray[Any]:
        """The array, memory-mapped and read-only."""
        array: NDArray[Any] = np.load(self._path, mmap_mode="r")
        return array

    def save(self, data: NDArray[Any]) -> None:
        """Write beside the old file, then rename over it."""
        with replacing(self._path) as beside, beside.open("wb") as file:
            np.save(file, data)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}

    def _exists(self) -> bool:
        return self._path.exists()
