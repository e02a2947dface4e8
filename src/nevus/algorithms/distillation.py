"""Distillation (arXiv:1503.02531, section 2): learn the probabilities that teachers give."""

from typing import Any

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from nevus.algorithms.base import Algorithm, AlgorithmOptions, Network
from nevus.algorithms.uda import sharpen
from nevus.contracts import Batch, NevusError, StepOutput, Task


class DistillationOptions(AlgorithmOptions):
    """How the soft labels are learnt.

    Attributes:
        temperature: Above 1 the probabilities of teachers and network are compared after both were made less sure.
        weight: Of the soft labels beside the loss on the labelled images.
    """

    temperature: float = Field(gt=0)
    weight: float = Field(ge=0)


class Distillation(Algorithm):
    """Learn from the labelled images, and from the soft labels of strong views of the unlabelled ones.

    Attributes:
        soft_labels: (U, K) what the strong views learn: `Task.soft_labels` at the temperature.
    """

    Options = DistillationOptions
    views = ("strong",)
    soft_labels: Tensor

    def __init__(self, options: Any, task: Task) -> None:
        super().__init__(options, task)
        if task.soft_labels is None:
            raise NevusError(
                "the algorithm distillation wants teachers. Train it by `kedro run --pipeline=distillation`."
            )
        self.register_buffer("soft_labels", sharpen(task.soft_labels, options.temperature))

    def forward(self, model: Network, batch: Batch) -> StepOutput:
        """The loss on the labelled images plus the weighted divergence from the soft labels, in nats.

        The Kullback-Leibler divergence has the gradient of the paper's cross-entropy, and is 0 where both agree. The
        square of the temperature keeps the size of that gradient (end of section 2).
        """
        temperature = self.options.temperature
        logits = model(torch.cat([batch.images, batch.strong]))
        labeled, strong = logits.split([len(batch.images), len(batch.strong)])
        supervised = self.task.labeled_loss(labeled, batch.targets)
        wanted = self.soft_labels[batch.metadata["rows"].to(self.soft_labels.device)]
        said = (strong / temperature).log_softmax(dim=1)
        divergence = temperature**2 * F.kl_div(said, wanted, reduction="batchmean")
        scalars = {"labeled_loss": supervised.detach(), "unlabeled_loss": divergence.detach()}
        return StepOutput(supervised + self.options.weight * divergence, scalars)
