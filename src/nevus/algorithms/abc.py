"""ABC (arXiv:2110.10368, section 3): FixMatch, and on its features a second head that is taught all classes alike.

The network's own head is the balanced one: it predicts, and is what is kept. FixMatch has another head, trained
beside the network. Of the paper's two strong views there is one here.
"""

from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from nevus.algorithms.base import Network
from nevus.algorithms.fixmatch import FixMatch, FixMatchOptions
from nevus.contracts import Batch, StepOutput, Task


class AbcOptions(FixMatchOptions):
    """FixMatch's, for both heads, and how frequent the classes are taken to be among the unlabelled images.

    Attributes:
        frequencies: "predicted" takes the running mean of what the balanced head says of them; "labeled" those among
            the labelled images, as the paper does.
        momentum: Of that running mean.
    """

    frequencies: Literal["predicted", "labeled"]
    momentum: float = Field(ge=0, lt=1)


class Abc(FixMatch):
    """Teach the network's head a part of each batch in which all classes are as frequent, by masks drawn at random.

    Attributes:
        head: FixMatch's.
        learnt: (K,) shares of the classes in what the labelled images teach.
        shares: (K,) of those among the unlabelled images; 1 / K at the start where they are predicted.
    """

    Options = AbcOptions
    learnt: Tensor
    shares: Tensor

    def __init__(self, options: Any, task: Task) -> None:
        super().__init__(options, task)
        classes = len(task.classes)
        self.head = nn.Linear(task.features, classes)
        self.register_buffer("learnt", torch.tensor(task.prior or task.counts, dtype=torch.float32))
        known = torch.tensor(task.counts, dtype=torch.float32) / sum(task.counts)
        predicted = options.frequencies == "predicted"
        self.register_buffer("shares", torch.full((classes,), 1.0 / classes) if predicted else known)

    def forward(self, model: Network, batch: Batch) -> StepOutput:
        """FixMatch's loss by its own head, plus the two of the balanced one, in nats."""
        features, logits = model(torch.cat([batch.images, batch.weak, batch.strong]), return_features=True)
        fixmatch = super().forward(lambda images: self.head(features), batch)  # of the same images
        labeled, weak, strong = logits.split([len(batch.images), len(batch.weak), len(batch.strong)])
        supervised = self.supervised(labeled, batch)
        believed, consistency = self.consistency(weak.detach(), strong, int(batch.metadata["step"]))
        scalars = {"labeled_loss": supervised.detach(), "unlabeled_loss": consistency.detach()}
        scalars |= {"pseudo_labels": believed, "share_of_last_class": self.shares[-1].clone()}
        scalars["fixmatch_loss"] = fixmatch.loss.detach()
        return StepOutput(fixmatch.loss + supervised + self.options.weight * consistency, scalars)

    def supervised(self, logits: Tensor, batch: Batch) -> Tensor:
        """The loss on those of the labelled images that the mask lets through, over all of them (section 3.2)."""
        kept = drawn(chances(self.learnt)[batch.labels])
        if not kept.any():
            return logits.sum() * 0
        return self.task.labeled_loss(logits[kept], batch.targets[kept]) * kept.float().mean()

    def consistency(self, weak: Tensor, strong: Tensor, step: int) -> tuple[Tensor, Tensor]:
        """What strong views cost against the soft pseudo-labels of sure weak ones that the mask lets through.

        The mask lets all through at first, and balances the classes more and more (section 3.3).

        Args:
            weak: (U, K) logits without a graph.
            strong: (U, K) logits of the same images.
            step: From 0.

        Returns:
            Share of the images that taught, and the loss.
        """
        soft = weak.softmax(dim=1)
        if self.options.frequencies == "predicted":
            self.shares.lerp_(soft.mean(dim=0), 1 - self.options.momentum)
        highest, likeliest = soft.max(dim=1)
        passed = step / self.task.steps
        kept = drawn(1 - passed * (1 - chances(self.shares)[likeliest])) & (highest >= self.options.confidence)
        surprise = F.cross_entropy(strong, soft, reduction="none")
        return kept.float().mean(), (surprise * kept).mean()


def chances(shares: Tensor) -> Tensor:
    """(K,) how often an image of each class is let through so that all are as frequent: 1 for the rarest."""
    return shares.min() / shares.clamp(min=1e-6)


def drawn(probabilities: Tensor) -> Tensor:
    """(N,) true with these probabilities; the draws are the same on every device."""
    return torch.rand(len(probabilities)).to(probabilities.device) < probabilities
