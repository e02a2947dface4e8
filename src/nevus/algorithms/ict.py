"""Interpolation consistency (arXiv:1903.03825, section 2): between two images lies what is between their classes."""

import torch
from pydantic import Field

from nevus.algorithms.base import Consistency, ConsistencyOptions, Network, disagreement
from nevus.contracts import Batch, StepOutput


class IctOptions(ConsistencyOptions):
    """How much agreement counts, and where between two images one looks.

    Attributes:
        alpha: Both parameters of the beta distribution that the place is drawn from.
    """

    alpha: float = Field(gt=0)


class Ict(Consistency):
    """Learn from the labelled images, and from what the teacher says of both ends of a mixture of unlabelled ones."""

    Options = IctOptions
    views = ("weak",)
    wants_teacher = True

    def forward(self, model: Network, batch: Batch) -> StepOutput:
        """The loss on the labelled images plus the ramped squared difference of mixtures."""
        share = float(torch.distributions.Beta(self.options.alpha, self.options.alpha).sample())
        others = torch.randperm(len(batch.weak)).to(batch.weak.device)
        mixed = torch.lerp(batch.weak[others], batch.weak, share)
        with torch.no_grad():
            # Beside the labelled images, as the student sees them: batch normalisation is of the whole batch.
            said = self.teacher(torch.cat([batch.images, batch.weak]))[len(batch.images) :].softmax(dim=1)
        labeled, between = model(torch.cat([batch.images, mixed])).split([len(batch.images), len(mixed)])
        supervised = self.task.labeled_loss(labeled, batch.targets)
        wanted = torch.lerp(said[others], said, share)
        difference = disagreement(between.softmax(dim=1), wanted)
        return self.together(supervised, difference, batch)
