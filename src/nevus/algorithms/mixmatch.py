"""MixMatch (arXiv:1905.02249, section 3): guess labels over several views, sharpen them, mix everything."""

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from nevus.algorithms.base import Consistency, Network
from nevus.algorithms.ict import IctOptions
from nevus.algorithms.uda import sharpen
from nevus.contracts import Batch, StepOutput


class MixMatchOptions(IctOptions):
    """ICT's, and how sharp the guesses are.

    Attributes:
        temperature: Below 1 the guesses are surer than the mean of the predictions.
    """

    temperature: float = Field(gt=0)


class MixMatch(Consistency):
    """Learn mixtures of labelled images and of views of unlabelled ones, whose labels are guessed.

    The views over which a label is guessed are the weak and the strong one; the paper draws both alike.
    """

    Options = MixMatchOptions
    views = ("weak", "strong")

    def forward(self, model: Network, batch: Batch) -> StepOutput:
        """Cross-entropy of the mixed labelled images plus the ramped squared error of the mixed others."""
        classes = len(self.task.classes)
        with torch.no_grad():
            views = model(torch.cat([batch.weak, batch.strong])).softmax(dim=1)
            guess = sharpen(views.reshape(2, len(batch.weak), classes).mean(dim=0), self.options.temperature)
        truth = batch.targets if batch.targets.ndim > 1 else F.one_hot(batch.targets, classes).to(guess.dtype)
        images = torch.cat([batch.images, batch.weak, batch.strong])
        targets = torch.cat([truth, guess, guess])
        mixed, shares = self.mix(images, targets)
        logits = model(mixed)
        labeled, others = logits.split([len(truth), len(logits) - len(truth)])
        supervised = self.task.labeled_loss(labeled, shares[: len(truth)])
        error = (others.softmax(dim=1) - shares[len(truth) :]).square().mean()
        return self.together(supervised, error, batch)

    def mix(self, images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Mix each image with another one, and their targets alike; each stays the larger part (equations 8 to 11)."""
        share = float(torch.distributions.Beta(self.options.alpha, self.options.alpha).sample())
        share = max(share, 1 - share)
        others = torch.randperm(len(images)).to(images.device)
        return torch.lerp(images[others], images, share), torch.lerp(targets[others], targets, share)
