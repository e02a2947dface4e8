"""Distribution alignment (arXiv:1911.09785, section 3.1) to shares of the classes that are estimated, not assumed."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

EVERY = 25  # steps between two estimates


class Alignment(nn.Module):
    """Brings what a network says of the unlabelled images, on average, to the estimated shares of the classes.

    The paper aligns to the frequencies among the labelled images. Those of the unlabelled ones may be others, so they
    are estimated here from what the network said last of each.

    Args:
        unlabeled: Number of unlabelled images.
        classes: K.
        estimate: From (n, K) probabilities to the (K,) shares of the classes among these images.

    Attributes:
        said: (U, K) what was said last of each image.
        seen: (U,) whether anything was.
        shares: (K,) estimated.
    """

    said: Tensor
    seen: Tensor
    shares: Tensor

    def __init__(self, unlabeled: int, classes: int, estimate: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.estimate = estimate
        self.register_buffer("said", torch.zeros(unlabeled, classes))
        self.register_buffer("seen", torch.zeros(unlabeled, dtype=torch.bool))
        self.register_buffer("shares", torch.full((classes,), 1.0 / classes))

    @torch.no_grad()
    def forward(self, probabilities: Tensor, rows: Tensor, step: int) -> Tensor:
        """(B, K) probabilities of the images at (B,) positions to aligned ones, adding up to 1."""
        rows = rows.to(self.seen.device)
        self.said[rows], self.seen[rows] = probabilities, True
        known = self.said[self.seen]
        if step % EVERY == 0:
            self.shares.copy_(self.estimate(known))
        aligned = probabilities * self.shares / known.mean(dim=0).clamp(min=1e-6)
        return aligned / aligned.sum(dim=1, keepdim=True).clamp(min=1e-12)
