"""SoftMatch (arXiv:2301.10921, section 3.1): every prediction counts, the less the further it is below the usual."""

from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from nevus.algorithms.fixmatch import FixMatch, WeakToStrongOptions
from nevus.contracts import Batch, Task


class SoftMatchOptions(WeakToStrongOptions):
    """How fast the confidence is followed.

    Attributes:
        momentum: Of the running mean and variance of the confidence.
    """

    momentum: float = Field(ge=0, lt=1)


class SoftMatch(FixMatch):
    """FixMatch with a Gaussian in the place of a threshold.

    Attributes:
        mean: Running mean of the largest probability; 1 / K at the start.
        variance: Its running variance; 1 at the start.
    """

    Options = SoftMatchOptions
    mean: Tensor
    variance: Tensor

    def __init__(self, options: Any, task: Task) -> None:
        super().__init__(options, task)
        self.register_buffer("mean", torch.tensor(1.0 / len(task.classes)))
        self.register_buffer("variance", torch.tensor(1.0))

    def weights(self, probabilities: Tensor, batch: Batch) -> Tensor:
        """1 above the mean, below it exp(-(p - mean)^2 / (2 variance)) (equations 7 and 8)."""
        highest = probabilities.amax(dim=1)
        self.mean.lerp_(highest.mean(), 1 - self.options.momentum)
        self.variance.lerp_(highest.var(correction=len(highest) > 1), 1 - self.options.momentum)
        below = (highest - self.mean).clamp(max=0)
        return torch.exp(-(below**2) / (2 * self.variance.clamp(min=1e-8)))
