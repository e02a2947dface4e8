"""As much augmentation as it takes to keep a discriminator from learning its images by heart.

Adaptive discriminator augmentation (arXiv:2006.06676, section 3): every operation of a policy is done with a
probability p, by a draw of its own, and p follows the sign of the answers to real training images. Below a p of about
0.8 the generator does not learn the changes themselves (section 2.2).
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from nevus.augment.operations import OperationOptions
from nevus.augment.options import AdaptiveOptions
from nevus.augment.policy import Augment


class AdaptiveAugment:
    """Change images by a policy whose operations come with a probability that moves; called like `Augment`.

    Args:
        operations: The policy; the `probability` of an operation counts as a factor.
        options: How the probability moves.

    Attributes:
        probability: The p of now.
    """

    def __init__(self, operations: Sequence[OperationOptions], options: AdaptiveOptions) -> None:
        self.operations, self.options = operations, options
        self._signs, self._images = torch.zeros(()), 0
        self._set(options.start)

    def __call__(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] to the same shape; the same tensor while p is 0."""
        return self._augment(images)

    def observe(self, sign: Tensor, images: int) -> None:
        """Take in an answer of the discriminator; after enough of them p moves.

        Up where the mean sign is above the target, down where it is below, by the share that the images are of
        `climb`. The device is waited for only then.

        Args:
            sign: Scalar, mean over some real images of the sign of the discriminator's answer: 1 where it takes all of
                them for real.
            images: Their number.
        """
        self._signs = self._signs.to(sign.device) + sign.detach() * images
        self._images += images
        if self._images < self.options.every:
            return
        excess = float(self._signs) / self._images - self.options.target
        way = self._images / self.options.climb * ((excess > 0) - (excess < 0))
        self._signs, self._images = torch.zeros_like(self._signs), 0
        self._set(self.probability + way)

    def state_dict(self) -> dict[str, Any]:
        """All that the next images and the next move depend on."""
        return {"probability": self.probability, "signs": self._signs.clone(), "images": self._images}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state_dict`."""
        self._signs, self._images = state["signs"].clone(), state["images"]
        self._set(state["probability"])

    def _set(self, probability: float) -> None:
        self.probability = min(max(probability, 0.0), self.options.limit)
        done = [
            operation.model_copy(update={"probability": operation.probability * self.probability})
            for operation in self.operations
        ]
        self._augment = Augment(done if self.probability else ())
