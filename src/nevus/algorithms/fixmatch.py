"""FixMatch (arXiv:2001.07685, section 2): what a weak view is surely, its strong view shall be too."""

from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from nevus.algorithms.base import Algorithm, AlgorithmOptions, Network
from nevus.contracts import Batch, StepOutput


class FixMatchOptions(AlgorithmOptions):
    """Which predictions are believed, and how much they count.

    Attributes:
        weight: Of the unlabelled images beside the labelled ones.
        confidence: A weak view whose likeliest class is less probable teaches nothing.
    """

    weight: float = Field(ge=0)
    confidence: float = Field(ge=0, le=1)


class FixMatch(Algorithm):
    """Learn from the labelled images, and from the predictions on weak views of the unlabelled ones.

    Relatives differ in `targets`, what is learnt, in `weights`, how far each prediction is believed, and in
    `corrected`, what the logits of unlabelled images mean.
    """

    Options: ClassVar[type[AlgorithmOptions]] = FixMatchOptions
    views = ("weak", "strong")

    def forward(self, model: Network, batch: Batch) -> StepOutput:
        """The loss on the labelled images plus the weighted cross-entropy of the strong views, in nats."""
        sizes = [len(batch.images), len(batch.weak), len(batch.strong)]
        labeled, weak, strong = model(torch.cat([batch.images, batch.weak, batch.strong])).split(sizes)
        weak, strong = self.corrected(weak), self.corrected(strong)
        supervised = self.task.labeled_loss(labeled, batch.targets)
        with torch.no_grad():
            probabilities = weak.softmax(dim=1)
            weights = self.weights(probabilities, batch)
            targets = self.targets(probabilities)
        unlabeled = (weights * F.cross_entropy(strong, targets, reduction="none")).mean()
        scalars = {"labeled_loss": supervised.detach(), "unlabeled_loss": unlabeled.detach()}
        scalars["pseudo_labels"] = weights.mean()
        return StepOutput(supervised + self.options.weight * unlabeled, scalars)

    def corrected(self, logits: Tensor) -> Tensor:
        """(U, K) logits of unlabelled images, here as they are."""
        return logits

    def targets(self, probabilities: Tensor) -> Tensor:
        """(U, K) probabilities of the weak views to what the strong views learn: here the likeliest class."""
        return F.one_hot(probabilities.argmax(dim=1), probabilities.shape[1]).to(probabilities.dtype)

    def weights(self, probabilities: Tensor, batch: Batch) -> Tensor:
        """(U,) from 0 to 1: here 1 for what is as sure as `confidence`."""
        believed: Tensor = probabilities.amax(dim=1) >= self.options.confidence
        return believed.to(probabilities.dtype)
