"""Where a training leaves its state, so that it can be killed at any moment and continued."""

import logging
from pathlib import Path
from typing import Any

import torch
from kedro.io import AbstractDataset, DatasetError

from nevus.contracts import Checkpoints
from nevus.io.atomic import replacing

logger = logging.getLogger(__name__)


class CheckpointFile:
    """One file with the last state of one training."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self, key: str) -> dict[str, Any] | None:
        """The last state saved under this key, or None; another key, or a damaged file, is ignored with a message.

        All tensors come to the CPU, wherever they were saved; what takes the state up moves them to its own device.
        """
        if not self.path.exists():
            return None
        try:
            saved: dict[str, Any] = torch.load(self.path, map_location="cpu", weights_only=True)
        except Exception as error:  # torch raises many kinds; none of them may stop a training that can start afresh
            logger.warning("ignoring the checkpoint %s, which cannot be read: %s", self.path, error)
            return None
        if not isinstance(saved, dict) or not {"key", "state"} <= saved.keys():
            logger.warning("ignoring the checkpoint %s, which holds something else", self.path)
            return None
        if saved["key"] != key:
            logger.warning(
                "ignoring the checkpoint %s: data, parameters or code have changed since; training starts afresh",
                self.path,
            )
            return None
        logger.info("continuing from the checkpoint %s", self.path)
        state: dict[str, Any] = saved["state"]
        return state

    def save(self, key: str, state: dict[str, Any]) -> None:
        """Write beside the old state, then rename over it: at any moment one of the two is whole."""
        with replacing(self.path) as beside, beside.open("wb") as file:
            torch.save({"key": key, "state": state}, file)

    def clear(self) -> None:
        """Forget the state, once all that came of it is saved elsewhere."""
        self.path.unlink(missing_ok=True)


class CheckpointsDataset(AbstractDataset[None, Checkpoints]):
    """Hands a node the place for its checkpoints; the node itself knows no path.

    Args:
        filepath: The file.
        metadata: Ignored by Kedro.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._file = CheckpointFile(Path(filepath))
        self.metadata = metadata

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    def load(self) -> CheckpointFile:
        """The place, whether or not there is a checkpoint yet."""
        return self._file

    def save(self, data: None) -> None:
        """Refuse: only a training writes checkpoints.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError("checkpoints are written by the training that reads this dataset, not by a node's output")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._file.path)}

    def _exists(self) -> bool:
        return True
