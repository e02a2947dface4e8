"""What is known of a model that lies elsewhere, as a Kedro dataset."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from kedro.io import AbstractDataset

from nevus.contracts import Classifier
from nevus.io.atomic import replacing


class DescriptionDataset(AbstractDataset[Classifier, Classifier]):
    """The spec and the record of a classifier, without its weights.

    Args:
        filepath: A JSON file.
        metadata: Ignored here, read by plugins.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> Classifier:
        """A classifier without weights and examples."""
        found = json.loads(self._filepath.read_text(encoding="utf-8"))
        return Classifier({}, found["spec"], np.empty((0, 1, 1, 3), dtype=np.uint8), found["record"])

    def record(self) -> dict[str, Any]:
        """`Classifier.record`."""
        return dict(self.load().record)

    def save(self, data: Classifier) -> None:
        """Write the file, whole or not at all."""
        with replacing(self._filepath) as path:
            path.write_text(json.dumps({"spec": data.spec, "record": data.record}, indent=1), encoding="utf-8")

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
