"""BYOL (arXiv:2006.07733, section 3): say of one view what a running mean of oneself says of the other.

As with SimCLR no label shapes the features, and the head is a linear probe at every step.
"""

from copy import deepcopy
from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from nevus.algorithms.base import Algorithm, AlgorithmOptions, Network
from nevus.algorithms.simclr import perceptron
from nevus.contracts import Batch, StepOutput, Task


class ByolOptions(AlgorithmOptions):
    """The projector, the predictor, and how slowly the target follows.

    Attributes:
        hidden: Units of the hidden layers of projector and predictor.
        projection: Length of the vectors that are compared.
        momentum: Of the running mean of the projector; that of the network is `loop.ema_decay`.
    """

    hidden: int = Field(ge=1)
    projection: int = Field(ge=2)
    momentum: float = Field(ge=0, lt=1)


class Byol(Algorithm):
    """Learn features by predicting those of the averaged network, and a head on them from the labelled images."""

    Options = ByolOptions
    views = ("weak", "strong")
    wants_teacher = True
    labels_shape_features = False

    def __init__(self, options: Any, task: Task) -> None:
        super().__init__(options, task)
        self.projector = perceptron(task.features, options.hidden, options.projection)
        self.predictor = perceptron(options.projection, options.hidden, options.projection)
        self.target: nn.Module = deepcopy(self.projector).requires_grad_(False)

    def forward(self, model: Network, batch: Batch) -> StepOutput:
        """Half the squared distance between prediction and target, both ways, plus the loss of the head in nats."""
        views = torch.cat([batch.weak, batch.strong])
        images = torch.cat([batch.images, views])
        features, _ = model(images, return_features=True)
        labeled, seen = features.split([len(batch.images), len(views)])
        predicted = self.predictor(self.projector(seen))
        with torch.no_grad():
            for mean, now in zip(self.target.parameters(), self.projector.parameters(), strict=True):
                mean.lerp_(now, 1 - self.options.momentum)
            # Beside the labelled images, as the student sees them: batch normalisation is of the whole batch.
            taught, _ = self.teacher(images, return_features=True)
            wanted = self.target(taught[len(batch.images) :]).roll(len(batch.weak), dims=0)
        distance = cosine_distance(predicted, wanted)
        probe = self.task.labeled_loss(model(labeled.detach()), batch.targets)
        return StepOutput(distance + probe, {"labeled_loss": probe.detach(), "unlabeled_loss": distance.detach()})


def cosine_distance(one: Tensor, other: Tensor) -> Tensor:
    """Mean of 2 - 2 cos over (N, P) pairs (arXiv:2006.07733, equation 2): 0 to 4, 2 where they are orthogonal."""
    return 2 - 2 * F.cosine_similarity(one, other, dim=1).mean()
