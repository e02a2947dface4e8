"""Features that are computed once, because neither the images nor the layers that make them change."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nevus.progress import progress_bar
from nevus.training.images import to_images
from nevus.training.prediction import PixelSource, batch_that_fits, full_precision, symmetries
from nevus.training.runtime import Runtime


class FeaturePool:
    """Features in the place of the images that they were made of: a `Pool` to those that make batches.

    Args:
        features: (N, F) float32.
        device: Where batches are wanted.
    """

    def __init__(self, features: NDArray[np.float32], device: torch.device) -> None:
        self._features = torch.from_numpy(features).to(device)

    def __len__(self) -> int:
        return len(self._features)

    def images(self, rows: NDArray[np.int64]) -> Tensor:
        """(n,) positions to (n, F) features."""
        return self._features[torch.from_numpy(rows).to(self._features.device)]


@torch.no_grad()
def embed(model: nn.Module, pixels: PixelSource, *, average_d4: bool, runtime: Runtime) -> NDArray[np.float32]:
    """Feature vectors of images, in float32.

    Args:
        model: Has `forward_features`, (N, 3, H, W) in [-1, 1] to (N, F); put into evaluation mode.
        pixels: (N, H, W, 3) uint8; only the images of a batch are read at a time.
        average_d4: Take the mean over the eight symmetries of the square, at eight times the cost.
        runtime: Device and precision.

    Returns:
        (N, F) float32.
    """
    model.to(runtime.device).eval()
    batch, parts = batch_that_fits(model, pixels), []
    bar = progress_bar(len(pixels), name="features", unit="image")
    with runtime.autocast(), full_precision(), bar:
        for start in range(0, len(pixels), batch):
            images = to_images(np.asarray(pixels[start : start + batch]), runtime.device)
            views = symmetries(images) if average_d4 else [images]
            made = [model.forward_features(view).float() for view in views]  # type: ignore[operator]
            parts.append(torch.stack(made).mean(dim=0).cpu())
            bar.update(len(images))
    features: NDArray[np.float32] = torch.cat(parts).numpy()
    return features


def train_head_alone(model: nn.Module) -> None:
    """Turn off the gradients of all but the head.

    Args:
        model: Its head is the module `head`.
    """
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith("head."))
