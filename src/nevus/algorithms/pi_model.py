"""The Pi-model (arXiv:1610.02242, section 2.1): agree with oneself on two views of an image."""

import torch

from nevus.algorithms.base import Consistency, Network, disagreement
from nevus.contracts import Batch, StepOutput


class PiModel(Consistency):
    """Learn from the labelled images, and be pulled together on the weak and the strong view of the others.

    The paper draws both views alike: give the weak and the strong policy the same operations for that.
    """

    views = ("weak", "strong")

    def forward(self, model: Network, batch: Batch) -> StepOutput:
        """The loss on the labelled images plus the ramped squared difference of the two views."""
        sizes = [len(batch.images), len(batch.weak), len(batch.strong)]
        labeled, weak, strong = model(torch.cat([batch.images, batch.weak, batch.strong])).split(sizes)
        supervised = self.task.labeled_loss(labeled, batch.targets)
        difference = disagreement(strong.softmax(dim=1), weak.softmax(dim=1))
        return self.together(supervised, difference, batch)
