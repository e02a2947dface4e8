"""Terms that keep a discriminator smooth, each computed once in a number of updates.

A lazy term is computed in every k-th update only and counts k times as much then (arXiv:1912.04958, appendix B): its
gradients are the same on average, and k - 1 of k times it costs nothing. The moments of Adam are left as they are,
since the term shares its update with the loss.
"""

import torch
from pydantic import Field
from torch import Tensor

from nevus.contracts import GanBatch, Options
from nevus.objectives._terms import Network, squared_gradient
from nevus.objectives.base import scores


class LazyTermOptions(Options):
    """How much a term counts, and how often it is computed.

    Attributes:
        weight: Of the term, on average over the updates; 0 leaves it out.
        every: Updates of the discriminator from one computation to the next; 1 for all of them.
    """

    weight: float = Field(ge=0)
    every: int = Field(ge=1, le=1000)

    def now(self, step: int) -> float:
        """What it counts in an update; 0 where it is not computed.

        Args:
            step: Number of the update, from 0.
        """
        return self.weight * self.every if step % self.every == 0 else 0.0


class RegularisersOptions(Options):
    """The terms.

    Attributes:
        r1: Half the squared gradient of the score at real images (arXiv:1801.04406, section 4.1).
        r2: The same at generated images (likewise).
        gradient_penalty: How far the length of the gradient between real and generated images is from 1
            (arXiv:1704.00028, section 4).
        consistency: How differently an image and its strong view are scored, real and generated ones
            (arXiv:2002.04724, algorithm 1).
    """

    r1: LazyTermOptions
    r2: LazyTermOptions
    gradient_penalty: LazyTermOptions
    consistency: LazyTermOptions


def gradient_penalty(discriminator: Network, real: Tensor, fake: Tensor, labels: Tensor | None) -> Tensor:
    """Mean squared distance from 1 of the gradient's length, at points between pairs (arXiv:1704.00028, section 4).

    Args:
        discriminator: (N, 3, H, W), and labels where there are any, to one score an image.
        real: (N, 3, H, W).
        fake: (N, 3, H, W).
        labels: (N,) classes of the pairs, or None.

    Returns:
        Scalar; (length - 1)^2 for a critic that is linear in the pixels.
    """
    share = torch.rand(len(real), 1, 1, 1, dtype=real.dtype, device=real.device)
    between = torch.lerp(fake.detach(), real.detach(), share).requires_grad_()
    score = scores(discriminator, between, labels, keep_statistics=False)
    (gradient,) = torch.autograd.grad(score.sum(), between, create_graph=True)
    length = (gradient.square().sum(dim=(1, 2, 3)) + 1e-12).sqrt()  # the root has no slope at 0
    return (length - 1).square().mean()


def inconsistency(discriminator: Network, batch: GanBatch, real: Tensor, fake: Tensor) -> Tensor:
    """Mean squared differences of the scores of real and generated images and of their strong views, added.

    Balanced consistency (arXiv:2002.04724, algorithm 1). The first score is that of the image as the discriminator
    sees it anyway: of the plain image, as in the paper, where no augmentation is set.

    Args:
        discriminator: As above.
        batch: With `strong` and `strong_fake`.
        real: (N,) scores of its real images.
        fake: (N,) scores of its generated images.
    """
    pairs = ((real, batch.strong), (fake, batch.strong_fake))
    terms = [score - scores(discriminator, view, batch.labels, keep_statistics=False) for score, view in pairs]
    return torch.stack([term.square().mean() for term in terms]).sum()


def regularisers(
    options: RegularisersOptions, discriminator: Network, batch: GanBatch, real: Tensor, fake: Tensor
) -> dict[str, tuple[float, Tensor]]:
    """The terms of an update, by their names: what each counts now, and its value. Those left out are not there.

    Args:
        options: Weights and intervals.
        discriminator: One score an image.
        batch: Of the update; its images require gradients where R1 or R2 is due (`watched`).
        real: (N,) scores of its real images, with their graph.
        fake: (N,) scores of its generated images, likewise.
    """
    count = {name: getattr(options, name).now(batch.step) for name in RegularisersOptions.model_fields}
    terms = {}
    if count["r1"]:
        terms["r1"] = (count["r1"] / 2, squared_gradient(real, batch.real))
    if count["r2"]:
        terms["r2"] = (count["r2"] / 2, squared_gradient(fake, batch.fake))
    if count["gradient_penalty"]:
        penalty = gradient_penalty(discriminator, batch.real, batch.fake, batch.labels)
        terms["gradient_penalty"] = (count["gradient_penalty"], penalty)
    if count["consistency"]:
        terms["inconsistency"] = (count["consistency"], inconsistency(discriminator, batch, real, fake))
    return terms


def watched(options: RegularisersOptions, batch: GanBatch) -> GanBatch:
    """The same batch, with gradients for the images at which R1 or R2 is due: the scores' own pass then serves both."""
    real, fake = batch.real.detach(), batch.fake.detach()
    real.requires_grad_(options.r1.now(batch.step) > 0)
    fake.requires_grad_(options.r2.now(batch.step) > 0)
    return batch._replace(real=real, fake=fake)
