"""Features that are computed once, because neither the images nor the layers that make them change."""

from collections.abc import Iterator

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
    parts = [views.mean(axis=1) for views in embed_views(model, pixels, all_views=average_d4, runtime=runtime)]
    features: NDArray[np.float32] = np.concatenate(parts)
    return features


def embed_views(
    model: nn.Module, pixels: PixelSource, *, all_views: bool, runtime: Runtime
) -> Iterator[NDArray[np.float32]]:
    """Feature vectors of views of images, a batch at a time, so that not all of them are held.

    Args:
        model: As above.
        pixels: (N, H, W, 3) uint8.
        all_views: The eight symmetries of the square, as `symmetries` orders them; else the images as they are.
        runtime: Device and precision.

    Yields:
        (n, 8, F) or (n, 1, F) float32.
    """
    model.to(runtime.device).eval()
    batch = batch_that_fits(model, pixels)
    with progress_bar(len(pixels), name="features", unit="image") as bar:
        for start in range(0, len(pixels), batch):
            images = to_images(np.asarray(pixels[start : start + batch]), runtime.device)
            yield _features_of(model, symmetries(images) if all_views else [images], runtime)
            bar.update(len(images))


@torch.no_grad()
def _features_of(model: nn.Module, views: list[Tensor], runtime: Runtime) -> NDArray[np.float32]:
    """(n, V, F) of V views of n images. Precision is set here, not in the generator: its caller would be under it."""
    with runtime.autocast(), full_precision():
        made = [model.forward_features(view).float() for view in views]  # type: ignore[operator]
        features: NDArray[np.float32] = torch.stack(made, dim=1).cpu().numpy()
    return features


def train_head_alone(model: nn.Module) -> None:
    """Turn off the gradients of all but the head.

    Args:
        model: Its head is the module `head`.
    """
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith("head."))
