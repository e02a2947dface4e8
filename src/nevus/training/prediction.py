"""Class probabilities of a trained network."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nevus.contracts import Pixels
from nevus.training.images import to_images


@torch.no_grad()
def predict_probabilities(
    model: nn.Module, pixels: Pixels, *, average_d4: bool, batch: int = 128
) -> NDArray[np.float32]:
    """Softmax of the logits, in float32 whatever the training used.

    Args:
        model: (N, 3, H, W) in [-1, 1] to (N, K) logits; put into evaluation mode.
        pixels: (N, H, W, 3) uint8.
        average_d4: Average the probabilities over the eight symmetries of the square. A lesion has no up and no left,
            so the mean is a better estimate at eight times the cost.
        batch: Images at a time.

    Returns:
        (N, K) float32, rows adding up to 1.
    """
    model.eval()
    device = next(model.parameters()).device
    parts = []
    for start in range(0, len(pixels), batch):
        images = to_images(pixels[start : start + batch], device)
        views = symmetries(images) if average_d4 else [images]
        parts.append(torch.stack([model(view).float().softmax(dim=1) for view in views]).mean(dim=0).cpu())
    probabilities: NDArray[np.float32] = torch.cat(parts).numpy()
    return probabilities


def symmetries(images: Tensor) -> list[Tensor]:
    """The eight symmetries of the square (the group D4), each (N, C, H, W)."""
    turned = [torch.rot90(images, quarter, dims=(2, 3)) for quarter in range(4)]
    return turned + [view.flip(3) for view in turned]
