"""The semi-supervised GAN of Salimans et al. 2016 (arXiv:1606.03498, section 5): one network, two questions.

The discriminator gives K class logits l_k; generated images are a class K + 1 whose logit is fixed at 0, which loses
nothing since softmax ignores a common shift. Then D(x) = Z / (Z + 1) with Z = sum_k exp(l_k) is the probability of
being real.
"""

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from nevus.contracts import Batch, GanBatch, StepOutput, TrainingError
from nevus.objectives.base import Network, Objective, ObjectiveOptions, detached


def unlabeled_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Tell real from generated with K class logits and a fake logit fixed at 0.

    arXiv:1606.03498, section 5: D = Z / (Z + 1), Z = sum_k exp(l_k).

    Args:
        real_logits: (N, K), before softmax.
        fake_logits: (M, K), from generated images.

    Returns:
        Scalar in nats; 2 ln 2 when D is 1/2 everywhere.
    """
    real, fake = real_logits.logsumexp(dim=1), fake_logits.logsumexp(dim=1)
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def feature_matching_loss(real_features: Tensor, fake_features: Tensor) -> Tensor:
    """Squared distance of the mean features, averaged over them (arXiv:1606.03498, section 3.1).

    Args:
        real_features: (N, F) of real images; no gradient flows into them.
        fake_features: (M, F) of generated images.

    Returns:
        Scalar; 0 when the two means agree.
    """
    return F.mse_loss(fake_features.mean(dim=0), real_features.detach().mean(dim=0))


def non_saturating_loss(fake_logits: Tensor) -> Tensor:
    """-log D of the generated images, with D as above (arXiv:1406.2661, section 3).

    Args:
        fake_logits: (M, K).

    Returns:
        Scalar in nats; ln 2 when D is 1/2 everywhere.
    """
    return F.softplus(-fake_logits.logsumexp(dim=1)).mean()


def realness(logits: Tensor) -> Tensor:
    """(N, K) logits to (N,) probabilities D(x) of being real."""
    return torch.sigmoid(logits.logsumexp(dim=1))


class SemiSupervisedGanOptions(ObjectiveOptions):
    """Settings of the game.

    Attributes:
        generator_loss: "feature_matching" or "non_saturating".
        unlabeled_weight: Weight of the real-or-generated term beside the cross-entropy of the labelled images.
    """

    generator_loss: Literal["feature_matching", "non_saturating"]
    unlabeled_weight: float = Field(ge=0)


class SemiSupervisedGan(Objective):
    """The two losses of the game."""

    Options = SemiSupervisedGanOptions

    def discriminator_loss(self, discriminator: Network, batch: GanBatch) -> StepOutput:
        """Cross-entropy on the labelled images, real or generated on the others.

        Args:
            discriminator: (N, 3, H, W) to (N, K) logits.
            batch: With labelled images.

        Returns:
            The loss in nats; `d_real` and `d_fake` are mean D(x): 1 and 0 when the discriminator wins.

        Raises:
            TrainingError: The batch has no labelled images.
        """
        labeled = labeled_part(batch)
        parts = [labeled.images, batch.real, batch.fake]
        logits = discriminator(torch.cat(parts))  # one pass, large enough to keep the processor busy
        on_labeled, on_real, on_fake = logits.split([len(part) for part in parts])
        supervised = self.task.labeled_loss(on_labeled, labeled.targets)
        unlabeled = unlabeled_discriminator_loss(on_real, on_fake)
        scalars = {
            "labeled_loss": supervised,
            "unlabeled_loss": unlabeled,
            "d_real": realness(on_real).mean(),
            "d_fake": realness(on_fake).mean(),
            "labeled_accuracy": (on_labeled.argmax(dim=1) == labeled.labels).float().mean(),
        }
        return StepOutput(supervised + self.options.unlabeled_weight * unlabeled, detached(scalars))

    def generator_loss(self, generator: Network, discriminator: Network, batch: GanBatch) -> StepOutput:
        """What the generator minimises; the feature distance is logged whichever it is.

        Args:
            generator: Not asked.
            discriminator: With `return_features=True` (N, F) features and (N, K) logits.
            batch: Real and generated images.
        """
        fake_features, fake_logits = discriminator(batch.fake, return_features=True)
        with torch.no_grad():  # the features of the real images need no graph
            real_features, _ = discriminator(batch.real, return_features=True)
        distance = feature_matching_loss(real_features, fake_features)
        loss = distance if self.options.generator_loss == "feature_matching" else non_saturating_loss(fake_logits)
        return StepOutput(loss, detached({"generator_loss": loss, "feature_distance": distance}))


def labeled_part(batch: GanBatch) -> Batch:
    """The labelled images with their targets.

    Raises:
        TrainingError: There are none.
    """
    if batch.labeled is None or batch.labeled.targets is None:
        raise TrainingError("a semi-supervised GAN needs labelled images in every batch, but this one has none.")
    return batch.labeled
