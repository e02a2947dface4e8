"""SimPro (arXiv:2402.13505, section 3): FixMatch where unlabelled images are of other classes than labelled ones.

The network learns what is the same in both, p(x | class); how frequent the classes are among the unlabelled images is
estimated beside it, and decides with it which label is given.
"""

from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor

from nevus.algorithms.fixmatch import FixMatch, FixMatchOptions
from nevus.contracts import Batch, Task


class SimProOptions(FixMatchOptions):
    """FixMatch's, and the correction.

    Attributes:
        alignment: None beside this correction, which would count the shares twice.
        strength: Of the logarithm of the shares that is added to the logits.
        momentum: Of the running mean of the predictions, which is the estimate of the shares.
    """

    alignment: Literal["none"]
    strength: float = Field(ge=0)
    momentum: float = Field(ge=0, lt=1)


class SimPro(FixMatch):
    """Learn from sure weak views, corrected by the estimated shares of the classes.

    Attributes:
        shares: (K,) estimated shares of the classes among the unlabelled images; 1 / K at the start.
    """

    Options = SimProOptions
    shares: Tensor

    def __init__(self, options: Any, task: Task) -> None:
        super().__init__(options, task)
        classes = len(task.classes)
        self.register_buffer("shares", torch.full((classes,), 1.0 / classes))

    def corrected(self, logits: Tensor) -> Tensor:
        """Logits of the unlabelled images under the estimated shares."""
        shifted: Tensor = logits + self.options.strength * self.shares.clamp(min=1e-4).log()
        return shifted

    def weights(self, probabilities: Tensor, batch: Batch) -> Tensor:
        """FixMatch's, after the estimate has moved towards the mean of these predictions."""
        self.shares.lerp_(probabilities.mean(dim=0), 1 - self.options.momentum)
        return super().weights(probabilities, batch)
