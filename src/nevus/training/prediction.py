"""Class probabilities of a trained network."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nevus.training.images import to_images
from nevus.training.runtime import Runtime, prediction_runtime

MEMORY = 2**24  # bytes of a batch of images in float32, as the network sees them; activations take some 30 times that
LARGEST_BATCH = 128


class PixelSource(Protocol):
    """(N, H, W, 3) uint8, in memory or read a slice at a time."""

    def __len__(self) -> int:
        """N."""

    def __getitem__(self, rows: slice, /) -> Any:
        """(n, H, W, 3) uint8, or what NumPy makes such an array of."""


@torch.no_grad()
def predict_probabilities(
    model: nn.Module, pixels: PixelSource, *, average_d4: bool, runtime: Runtime | None = None, batch: int | None = None
) -> NDArray[np.float32]:
    """Softmax of the logits, in float32 whatever the precision of the network.

    Args:
        model: (N, 3, H, W) in [-1, 1] to (N, K) logits; moved to the device, and for now in evaluation mode.
        pixels: (N, H, W, 3) uint8; only the images of a batch are read at a time.
        average_d4: Average the probabilities over the eight symmetries of the square. A lesion has no up and no left,
            so the mean is a better estimate at eight times the cost.
        runtime: Device and precision; None for those of `prediction_runtime`, as the code inside the first saved models
            leaves it.
        batch: Images at a time; None for what fits the memory set aside, at most 128.

    Returns:
        (N, K) float32, rows adding up to 1.
    """
    runtime = runtime or prediction_runtime()
    model.to(runtime.device)
    batch = batch or batch_that_fits(model, pixels)
    parts = []
    with evaluating(model), runtime.autocast(), full_precision():
        for start in range(0, max(len(pixels), 1), batch):  # no images at all still have K columns
            images = to_images(np.asarray(pixels[start : start + batch]), runtime.device)
            views = symmetries(images) if average_d4 else [images]
            parts.append(torch.stack([model(view).float().softmax(dim=1) for view in views]).mean(dim=0).cpu())
    probabilities: NDArray[np.float32] = torch.cat(parts).numpy()
    return probabilities


def batch_that_fits(model: nn.Module, pixels: PixelSource) -> int:
    """Images at a time, from the size at which the network sees them.

    Args:
        model: May say by `resize` (pixels) at what size it works; looked for behind wrappers, which call it `module`.
        pixels: (N, H, W, 3) uint8.
    """
    height, width = np.asarray(pixels[:1]).shape[1:3]
    while isinstance(inner := getattr(model, "module", None), nn.Module):
        model = inner
    side: int = getattr(model, "resize", None) or 0
    seen: int = max(height * width, side**2)
    return max(1, min(LARGEST_BATCH, MEMORY // (12 * seen)))


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode for a while: a teacher that is looked at while it teaches goes on as if it had not been."""
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training


@contextmanager
def full_precision() -> Iterator[None]:
    """Keep cuDNN from rounding float32 convolutions to TF32's ten bits, its default on NVIDIA's GPUs."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


def symmetries(images: Tensor) -> list[Tensor]:
    """The eight symmetries of the square (the group D4), each (N, C, H, W)."""
    turned = [torch.rot90(images, quarter, dims=(2, 3)) for quarter in range(4)]
    return turned + [view.flip(3) for view in turned]
