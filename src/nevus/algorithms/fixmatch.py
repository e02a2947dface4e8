"""FixMatch (arXiv:2001.07685, section 2): what a weak view is surely, its strong view shall be too."""

from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from nevus.algorithms._alignment import Alignment
from nevus.algorithms.base import Algorithm, AlgorithmOptions, Network
from nevus.contracts import Batch, StepOutput, Task


class WeakToStrongOptions(AlgorithmOptions):
    """How much the unlabelled images count, and what is done to the predictions that teach.

    Attributes:
        weight: Of the unlabelled images beside the labelled ones.
        alignment: "estimated" brings the predictions on average to the shares of the classes that are estimated among
            the unlabelled images; "none" leaves them.
    """

    weight: float = Field(ge=0)
    alignment: Literal["none", "estimated"]


class FixMatchOptions(WeakToStrongOptions):
    """Which predictions are believed.

    Attributes:
        confidence: A weak view whose likeliest class is less probable teaches nothing.
    """

    confidence: float = Field(ge=0, le=1)


class FixMatch(Algorithm):
    """Learn from the labelled images, and from the predictions on weak views of the unlabelled ones.

    Relatives differ in `targets`, what is learnt, in `weights`, how far each prediction is believed, and in
    `corrected`, what the logits of unlabelled images mean.
    """

    Options: ClassVar[type[AlgorithmOptions]] = FixMatchOptions
    views = ("weak", "strong")

    def __init__(self, options: Any, task: Task) -> None:
        super().__init__(options, task)
        self.alignment: Alignment | None = None
        if options.alignment == "estimated":
            self.alignment = Alignment(task.unlabeled, len(task.classes), task.estimate_shares)

    def forward(self, model: Network, batch: Batch) -> StepOutput:
        """The loss on the labelled images plus the weighted cross-entropy of the strong views, in nats."""
        sizes = [len(batch.images), len(batch.weak), len(batch.strong)]
        labeled, weak, strong = model(torch.cat([batch.images, batch.weak, batch.strong])).split(sizes)
        weak, strong = self.corrected(weak), self.corrected(strong)
        supervised = self.task.labeled_loss(labeled, batch.targets)
        with torch.no_grad():
            probabilities = weak.softmax(dim=1)
            if self.alignment is not None:
                probabilities = self.alignment(probabilities, batch.metadata["rows"], int(batch.metadata["step"]))
            weights = self.weights(probabilities, batch)
            targets = self.targets(probabilities)
        unlabeled = (weights * F.cross_entropy(strong, targets, reduction="none")).mean()
        scalars = {"labeled_loss": supervised.detach(), "unlabeled_loss": unlabeled.detach()}
        scalars["pseudo_labels"] = weights.mean()
        if self.alignment is not None:
            scalars["share_of_last_class"] = self.alignment.shares[-1].clone()
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
