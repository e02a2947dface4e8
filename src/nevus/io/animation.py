"""Frames as an animated GIF."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import numpy as np
from kedro.io import AbstractDataset, DatasetError
from kedro_datasets._typing import ImagePreview
from PIL import Image

from nevus.contracts import Pixels
from nevus.io.atomic import replacing

_HOLD = 10  # the last frame stays this many times longer, so that the eye can rest on the result


class AnimationDataset(AbstractDataset[Pixels, bytes]):
    """Saves frames as a GIF that plays for ever, and loads the bytes of the file.

    A GIF holds 256 colours a frame, and players round the time to hundredths of a second.

    Example:
        ```yaml
        "{run}.progress":
          type: nevus.io.animation.AnimationDataset
          filepath: data/08_reporting/{run}/progress.gif
          milliseconds: 200
        ```
    """

    def __init__(
        self, *, filepath: str | os.PathLike[str], milliseconds: int, metadata: dict[str, Any] | None = None
    ) -> None:
        """Name the file.

        Args:
            filepath: Of the GIF, on a local disk.
            milliseconds: How long each frame is shown; the last one ten times as long.
            metadata: For Kedro-Viz and the tracking hook; not used here.
        """
        self._filepath = Path(filepath)
        self._milliseconds = milliseconds
        self.metadata = metadata

    def save(self, data: Pixels) -> None:
        """Write the GIF beside its place and move it there, so that a broken run leaves the old file.

        Args:
            data: (T, H, W, 3) uint8, at least one frame.

        Raises:
            DatasetError: If the frames have another shape or type.
        """
        if data.ndim != 4 or data.shape[-1] != 3 or len(data) == 0 or data.dtype != np.uint8:
            raise DatasetError(
                f"An animation needs frames of shape (T, H, W, 3) and type uint8, at least one, but got "
                f"{data.shape} {data.dtype}. Look at the node that makes '{self._filepath.name}'."
            )
        frames = [Image.fromarray(frame).quantize(256) for frame in data]
        durations = [self._milliseconds] * (len(frames) - 1) + [self._milliseconds * _HOLD]
        with replacing(self._filepath) as beside:
            frames[0].save(beside, format="GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0)

    def load(self) -> bytes:
        """Read the file.

        Returns:
            The encoded GIF.

        Raises:
            DatasetError: If the file is not there.
        """
        return self._filepath.read_bytes()

    def preview(self) -> ImagePreview:
        """Show the animation in Kedro-Viz.

        Returns:
            The GIF in base64.
        """
        return ImagePreview(base64.b64encode(self.load()).decode("ascii"))

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath), "milliseconds": self._milliseconds}
