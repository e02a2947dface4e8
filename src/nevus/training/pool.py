"""Images that batches are made of: they stay uint8, where they lie, until a batch wants them as numbers."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nevus.contracts import Pixels
from nevus.training.images import to_images

RESIDENT_BYTES = 4 * 1024**3  # on a GPU, a pool up to this size is copied there once


class Pool:
    """Images of one kind, such as all labelled ones.

    Args:
        pixels: (N, H, W, 3) uint8; may be memory-mapped, then only the images of a batch are read.
        device: Where batches are wanted. A GPU keeps its own copy, as uint8, of a pool of up to 4 GiB.
    """

    def __init__(self, pixels: Pixels, device: torch.device) -> None:
        self._pixels, self._device = pixels, device
        self._resident: Tensor | None = None
        if device.type == "cuda" and int(np.prod(pixels.shape)) <= RESIDENT_BYTES:
            self._resident = torch.from_numpy(np.array(pixels)).to(device)

    def __len__(self) -> int:
        return len(self._pixels)

    def images(self, rows: NDArray[np.int64]) -> Tensor:
        """(n,) positions to (n, 3, H, W) float32 in [-1, 1] on the device."""
        if self._resident is not None:
            return to_images(self._resident[torch.from_numpy(rows).to(self._device)])
        return to_images(self._pixels[rows], self._device)
