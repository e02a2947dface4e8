"""Latent vectors, and the images that a generator makes of them."""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from torch import Tensor, nn

from nevus.contracts import Pixels
from nevus.progress import progress_bar
from nevus.training.images import to_pixels
from nevus.training.runtime import Runtime

AT_ONCE = 2**22  # pixels of a batch: 64 images of 256 x 256, more of smaller ones
FEW = 256


def draw_latents(count: int, length: int, *, seed: int, truncation: float | None = None) -> Tensor:
    """Latent vectors from a standard normal distribution.

    Args:
        count: N.
        length: L.
        seed: The same draws the same vectors, of which a smaller N has the first.
        truncation: Numbers further from 0 than this are drawn anew (arXiv:1809.11096, section 3.1): images that are
            less different and more alike the usual ones. None leaves them.

    Returns:
        (N, L).
    """
    generator = np.random.default_rng(seed)
    if truncation is None:
        drawn = generator.standard_normal((count, length))
    else:
        low, high = ndtr([-truncation, truncation])
        drawn = ndtri(generator.uniform(low, high, (count, length)))
    return torch.from_numpy(drawn.astype(np.float32))


def between(first: Tensor, second: Tensor, *, steps: int) -> Tensor:
    """Ways from some latent vectors to others, along the sphere on which nearly all of them lie (arXiv:1609.04468).

    Args:
        first: (R, L).
        second: (R, L).
        steps: S, both ends included.

    Returns:
        (R, S, L).
    """
    shares = torch.linspace(0, 1, steps).view(1, steps, 1)
    one, other = first[:, None], second[:, None]
    cosine = torch.nn.functional.cosine_similarity(one, other, dim=-1).clamp(-1, 1)[..., None]
    angle = torch.acos(cosine)
    arc = (torch.sin((1 - shares) * angle) * one + torch.sin(shares * angle) * other) / torch.sin(angle)
    return torch.where(torch.sin(angle).abs() < 1e-4, torch.lerp(one, other, shares), arc)


def usual_labels(count: int, classes: int) -> NDArray[np.int64]:
    """(n,) labels for images of all classes in turn."""
    return np.arange(count, dtype=np.int64) % classes


@torch.no_grad()
def generate(
    network: nn.Module, latents: Tensor, *, size: int, runtime: Runtime, labels: NDArray[np.int64] | None = None
) -> Pixels:
    """Make images, a batch at a time.

    Args:
        network: The generator; put into evaluation mode.
        latents: (N, L).
        size: Of the images in pixels, by which a batch is chosen.
        runtime: Device and precision.
        labels: (N,) classes, of a conditional generator.

    Returns:
        (N, H, W, 3) uint8.
    """
    network.to(runtime.device).to(memory_format=torch.channels_last).eval()
    batch = max(1, min(FEW, AT_ONCE // size**2))
    made = []
    with progress_bar(len(latents), name="generate", unit="image") as bar, runtime.autocast():
        for start in range(0, len(latents), batch):
            given = [latents[start : start + batch].to(runtime.device)]
            if labels is not None:
                given.append(torch.from_numpy(labels[start : start + batch]).to(runtime.device))
            made.append(to_pixels(network(*given)))
            bar.update(len(given[0]))
    return np.concatenate(made)
