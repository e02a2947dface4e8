"""FlexMatch (arXiv:2110.08263, section 3): classes that are learnt slowly are believed sooner."""

from typing import Any

import torch
from torch import Tensor

from nevus.algorithms.fixmatch import FixMatch, FixMatchOptions
from nevus.contracts import Batch, Task

NEVER = -1


class FlexMatch(FixMatch):
    """FixMatch with a confidence of each class that follows how many images are surely of it.

    Attributes:
        sure: (U,) the class that each unlabelled image was surely of when last seen, -1 where it never was.
    """

    Options = FixMatchOptions
    sure: Tensor

    def __init__(self, options: Any, task: Task) -> None:
        super().__init__(options, task)
        self.register_buffer("sure", torch.full((task.unlabeled,), NEVER))

    def weights(self, probabilities: Tensor, batch: Batch) -> Tensor:
        """1 where the likeliest class is as sure as its own confidence, b / (2 - b) of the common one (equation 11).

        b is its share of sure images against that of the class with most, or against those never sure while they are
        more (equation 8).
        """
        highest, likeliest = probabilities.max(dim=1)
        counts = torch.bincount(self.sure[self.sure >= 0], minlength=probabilities.shape[1]).to(probabilities.dtype)
        never = (self.sure == NEVER).sum().to(probabilities.dtype)
        learnt = counts / torch.maximum(counts.max(), never).clamp(min=1)
        believed: Tensor = highest >= self.options.confidence * (learnt / (2 - learnt))[likeliest]
        certain = (highest >= self.options.confidence).cpu()
        rows = batch.metadata["rows"].cpu()
        self.sure[rows[certain].to(self.sure.device)] = likeliest[certain.to(likeliest.device)]
        return believed.to(probabilities.dtype)
