"""FreeMatch (arXiv:2205.07246, section 4): the confidence that is asked for follows that of the network."""

from typing import Any

import torch
from torch import Tensor

from nevus.algorithms.fixmatch import FixMatch
from nevus.algorithms.softmatch import SoftMatchOptions
from nevus.contracts import Batch, Task


class FreeMatch(FixMatch):
    """FixMatch with a confidence of each class that adapts itself.

    The paper's fairness term, which pulls predictions towards equal classes, is left out: the unlabelled images here
    are not equally of all classes, and what pulls them there hurts.

    Attributes:
        usual: Running mean of the largest probability, over all classes; 1 / K at the start.
        shares: (K,) running mean of the probabilities of each class; 1 / K at the start.
    """

    Options = SoftMatchOptions
    usual: Tensor
    shares: Tensor

    def __init__(self, options: Any, task: Task) -> None:
        super().__init__(options, task)
        classes = len(task.classes)
        self.register_buffer("usual", torch.tensor(1.0 / classes))
        self.register_buffer("shares", torch.full((classes,), 1.0 / classes))

    def weights(self, probabilities: Tensor, batch: Batch) -> Tensor:
        """1 where the largest probability reaches `usual` times the class's part of the largest share (equation 8)."""
        highest, likeliest = probabilities.max(dim=1)
        self.usual.lerp_(highest.mean(), 1 - self.options.momentum)
        self.shares.lerp_(probabilities.mean(dim=0), 1 - self.options.momentum)
        wanted = self.usual * self.shares / self.shares.max()
        return (highest >= wanted[likeliest]).to(probabilities.dtype)
