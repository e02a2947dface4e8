"""Pseudo-labels in rounds: train, label the unlabelled images, train on both (Lee, ICML workshop 2013, section 2)."""

from typing import Any

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from nevus.algorithms.base import Algorithm, AlgorithmOptions, Network
from nevus.contracts import Batch, StepOutput, Task


class PseudoLabelsOptions(AlgorithmOptions):
    """Who labels, which labels are believed, and how much they count.

    Attributes:
        rounds: How often the network labels the unlabelled images; the steps are shared out equally to a first round
            on the labelled images alone, and to these.
        confidence: Labels less probable than this are not believed; 0 believes all.
        soft: Learn the probabilities, instead of the likeliest class.
        balanced: Let every class weigh the same, however many images are given it.
        weight: Of the unlabelled images beside the labelled ones.
    """

    rounds: int = Field(ge=1)
    confidence: float = Field(ge=0, le=1)
    soft: bool
    balanced: bool
    weight: float = Field(ge=0)


class PseudoLabels(Algorithm):
    """Learn from the labelled images, then from the others too, as the network of the round before sees them."""

    Options = PseudoLabelsOptions
    views = ("weak", "strong")
    wants_snapshot = True
    given: Tensor  # (K,) labels of this round that were believed

    def __init__(self, options: Any, task: Task) -> None:
        super().__init__(options, task)
        self.length = max(1, -(-task.steps // (options.rounds + 1)))
        self.register_buffer("given", torch.zeros(len(task.classes)))

    def forward(self, model: Network, batch: Batch) -> StepOutput:
        """The loss on the labelled images and, after the first round, the weighted one on those with a pseudo-label."""
        step = int(batch.metadata["step"])
        if step < self.length:
            logits = model(batch.images)
            loss = self.task.labeled_loss(logits, batch.targets)
            nothing = torch.zeros((), device=loss.device)
            return StepOutput(
                loss, {"labeled_loss": loss.detach(), "unlabeled_loss": nothing, "pseudo_labels": nothing}
            )
        if step % self.length == 0:
            self.take_snapshot()
            self.given.zero_()
        targets, believed = self.label(batch.weak)
        logits = model(torch.cat([batch.images, batch.strong]))
        labeled, strong = logits.split([len(batch.images), len(batch.strong)])
        supervised = self.task.labeled_loss(labeled, batch.targets)
        surprise = F.cross_entropy(strong, targets, reduction="none")
        unlabeled = (surprise * self.weigh(targets, believed)).mean()
        scalars = {"labeled_loss": supervised.detach(), "unlabeled_loss": unlabeled.detach()}
        scalars["pseudo_labels"] = believed.mean()
        return StepOutput(supervised + self.options.weight * unlabeled, scalars)

    @torch.no_grad()
    def label(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """What the network of the round before says of (U, 3, H, W) images.

        Returns:
            (U, K) targets, and (U,) 1 where they are believed, else 0.
        """
        probabilities = self.snapshot(images).softmax(dim=1)
        likeliest = probabilities.argmax(dim=1)
        believed = (probabilities.max(dim=1).values >= self.options.confidence).float()
        hard = F.one_hot(likeliest, probabilities.shape[1]).float()
        self.given += (hard * believed[:, None]).sum(dim=0)
        return probabilities if self.options.soft else hard, believed

    def weigh(self, targets: Tensor, believed: Tensor) -> Tensor:
        """(U,) weights: 0 where a label is not believed; with `balanced` 1 on average over those of this round."""
        if not self.options.balanced:
            return believed
        counts = self.given.clamp(min=1)
        per_class = self.given.sum() / (counts * max(1, int((self.given > 0).sum())))
        weights: Tensor = believed * per_class[targets.argmax(dim=1)]
        return weights
