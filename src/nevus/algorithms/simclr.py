"""SimCLR (arXiv:2002.05709, section 2.1): two views of an image are alike, and unlike those of all others.

No label shapes the features. The head is trained beside them, on features that it cannot change, so that the network is
a linear probe at every step; what a fine-tuning starts from are the features.
"""

from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from nevus.algorithms.base import Algorithm, AlgorithmOptions, Network
from nevus.contracts import Batch, StepOutput, Task


class SimClrOptions(AlgorithmOptions):
    """How views are compared.

    Attributes:
        temperature: The similarities are divided by it; the lower, the more the nearest others count.
        hidden: Units of the projector's hidden layer.
        projection: Length of the vectors that are compared.
    """

    temperature: float = Field(gt=0)
    hidden: int = Field(ge=1)
    projection: int = Field(ge=2)


class SimClr(Algorithm):
    """Learn features from pairs of views of unlabelled images, and a head on them from the labelled ones."""

    Options = SimClrOptions
    views = ("weak", "strong")
    labels_shape_features = False

    def __init__(self, options: Any, task: Task) -> None:
        super().__init__(options, task)
        self.projector = perceptron(task.features, options.hidden, options.projection)

    def forward(self, model: Network, batch: Batch) -> StepOutput:
        """The contrastive loss of the two views plus the loss of the head, in nats."""
        features, _ = model(torch.cat([batch.images, batch.weak, batch.strong]), return_features=True)
        labeled, *both = features.split([len(batch.images), len(batch.weak), len(batch.strong)])
        one, other = self.projector(torch.cat(both)).chunk(2)
        contrast = contrastive_loss(one, other, self.options.temperature)
        probe = self.task.labeled_loss(model(labeled.detach()), batch.targets)
        return StepOutput(contrast + probe, {"labeled_loss": probe.detach(), "unlabeled_loss": contrast.detach()})


def perceptron(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """Two layers with batch normalisation and ReLU between them."""
    return nn.Sequential(
        nn.Linear(inputs, hidden, bias=False), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Linear(hidden, outputs)
    )


def contrastive_loss(one: Tensor, other: Tensor, temperature: float) -> Tensor:
    """Find the other view of an image among all views by their cosines: NT-Xent (arXiv:2002.05709, equation 1).

    Args:
        one: (N, P), of one view.
        other: (N, P), of the other.
        temperature: The cosines are divided by it.

    Returns:
        Scalar in nats; ln(2N - 1) where all are as similar.
    """
    both = F.normalize(torch.cat([one, other]), dim=1)
    similar = both @ both.T / temperature
    similar = similar.masked_fill(torch.eye(len(both), dtype=torch.bool, device=both.device), -torch.inf)
    return F.cross_entropy(similar, torch.arange(len(both), device=both.device).roll(len(one)))
