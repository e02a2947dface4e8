"""The semi-supervised GAN of Salimans et al. 2016 (arXiv:1606.03498, section 5): one network, two questions.

The discriminator gives K class logits l_k; generated images are a class K + 1 whose logit is fixed at 0, which loses
nothing since softmax ignores a common shift. Then D(x) = Z / (Z + 1) with Z = sum_k exp(l_k) is the probability of
being real.
"""

from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from nevus.contracts import Batch, GanBatch, StepOutput, Task, TrainingError
from nevus.objectives._terms import mean_entropy, pull_away, quarter_turns, squared_gradient
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


def feature_matching_loss(real_features: Tensor, fake_features: Tensor, *, absolute: bool = False) -> Tensor:
    """Squared or absolute distance of the mean features, averaged over them (arXiv:1606.03498, section 3.1).

    Args:
        real_features: (N, F) of real images; no gradient flows into them.
        fake_features: (M, F) of generated images.
        absolute: As in the paper's code; its text has the square.

    Returns:
        Scalar; 0 when the two means agree.
    """
    distance = F.l1_loss if absolute else F.mse_loss
    return distance(fake_features.mean(dim=0), real_features.detach().mean(dim=0))


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
    """Settings of the game. A weight of 0 leaves its term out, and what that costs.

    Attributes:
        generator_loss: "feature_matching" or "non_saturating".
        distance: Of the mean features: "absolute" or "squared".
        unlabeled_weight: Of the real-or-generated term beside the cross-entropy of the labelled images.
        consistency_weight: Of the squared difference between the probabilities of a strong view of a real image and
            those that the averaged discriminator gives a weak one (arXiv:2007.03844, section 3.2).
        consistency_ramp: Share of the steps in which it grows to that weight.
        entropy_weight: Of the entropy of the classes of real images (arXiv:1705.09783, section 4).
        pull_away_weight: Of the mean squared cosine between the features of generated images, for the generator
            (arXiv:1705.09783, section 4).
        manifold_weight: Of the squared difference between the logits of generated images and those of their
            neighbours in the latent space (arXiv:1805.08957, section 3).
        manifold_step: Standard deviation of the step to the neighbours.
        rotation_weight: Of the cross-entropy of how often a real image was turned by a quarter (arXiv:1811.11212,
            section 3).
        r1_weight: Of half the squared gradient of the real-or-generated score of real images (arXiv:1801.04406,
            section 4.1). With batch normalisation it is that of the scores of the batch, whose images see one another.
    """

    generator_loss: Literal["feature_matching", "non_saturating"]
    distance: Literal["absolute", "squared"]
    unlabeled_weight: float = Field(ge=0)
    consistency_weight: float = Field(ge=0)
    consistency_ramp: float = Field(ge=0, le=1)
    entropy_weight: float = Field(ge=0)
    pull_away_weight: float = Field(ge=0)
    manifold_weight: float = Field(ge=0)
    manifold_step: float = Field(gt=0)
    rotation_weight: float = Field(ge=0)
    r1_weight: float = Field(ge=0)


class SemiSupervisedGan(Objective):
    """The two losses of the game."""

    Options = SemiSupervisedGanOptions

    def __init__(self, options: Any, task: Task) -> None:
        super().__init__(options, task)
        self.wants_teacher = options.consistency_weight > 0
        self.views = ("weak", "strong") if self.wants_teacher else ()
        self.quarters = nn.Linear(task.features, 4) if options.rotation_weight else None

    def discriminator_loss(self, generator: Network, discriminator: Network, batch: GanBatch) -> StepOutput:
        """Cross-entropy on the labelled images, real or generated on the others, and the terms that have a weight.

        Args:
            generator: (N, L) latents to images.
            discriminator: (N, 3, H, W) to (N, K) logits.
            batch: With labelled images.

        Returns:
            The loss in nats; `d_real` and `d_fake` are mean D(x): 1 and 0 when the discriminator wins.

        Raises:
            TrainingError: The batch has no labelled images.
        """
        labeled, options = labeled_part(batch), self.options
        parts = [labeled.images, batch.real, *([batch.strong] if options.consistency_weight else [])]
        # One pass for all real images: large enough to keep the processor busy.
        logits = discriminator(torch.cat(parts))
        on_labeled, on_real, *on_strong = logits.split([len(part) for part in parts])
        on_fake = discriminator(batch.fake, keep_statistics=False)
        supervised = self.task.labeled_loss(on_labeled, labeled.targets)
        unlabeled = unlabeled_discriminator_loss(on_real, on_fake)
        terms = self._further_terms(generator, discriminator, batch, labeled.images, on_real, on_strong)
        loss = supervised + options.unlabeled_weight * unlabeled + sum(weight * term for weight, term in terms.values())
        scalars = {
            "labeled_loss": supervised,
            "unlabeled_loss": unlabeled,
            "d_real": realness(on_real).mean(),
            "d_fake": realness(on_fake).mean(),
            "labeled_accuracy": (on_labeled.argmax(dim=1) == labeled.labels).float().mean(),
            **{name: term for name, (_, term) in terms.items()},
        }
        return StepOutput(loss, detached(scalars))

    def _further_terms(
        self,
        generator: Network,
        discriminator: Network,
        batch: GanBatch,
        labeled: Tensor,
        on_real: Tensor,
        on_strong: list[Tensor],
    ) -> dict[str, tuple[float, Tensor]]:
        """Weight and value of every term that has a weight, by its name."""
        options, terms = self.options, {}
        if on_strong:
            with torch.no_grad():
                # Beside all that the student sees: batch normalisation is of the whole batch.
                beside = torch.cat([labeled, batch.real, batch.weak])
                wanted = self.teacher(beside)[-len(batch.weak) :].softmax(dim=1)
            difference = (on_strong[0].softmax(dim=1) - wanted).square().sum(dim=1).mean()
            grown = self.task.ramp_up(batch.step, options.consistency_ramp)
            terms["inconsistency"] = (options.consistency_weight * grown, difference)
        if options.entropy_weight:
            terms["real_entropy"] = (options.entropy_weight, mean_entropy(on_real))
        if options.manifold_weight:
            with torch.no_grad():  # both without augmentation, which would be another for each of them
                near = batch.latent + options.manifold_step * torch.randn_like(batch.latent)
                images = generator(torch.cat([batch.latent, near]))
            here, there = discriminator(images, keep_statistics=False).chunk(2)
            terms["roughness"] = (options.manifold_weight, (here - there).square().sum(dim=1).mean())
        if self.quarters is not None:
            turned, quarters = quarter_turns(batch.plain)  # a policy that turns them would leave nothing to tell
            features, _ = discriminator(turned, return_features=True, keep_statistics=False)
            terms["rotation_loss"] = (options.rotation_weight, F.cross_entropy(self.quarters(features), quarters))
        if options.r1_weight:
            images = batch.real.detach().requires_grad_()
            score = discriminator(images, keep_statistics=False).logsumexp(dim=1)
            terms["squared_gradient"] = (options.r1_weight / 2, squared_gradient(score, images))
        return terms

    def generator_loss(self, generator: Network, discriminator: Network, batch: GanBatch) -> StepOutput:
        """What the generator minimises; the feature distance is logged whichever it is.

        Args:
            generator: Not asked.
            discriminator: With `return_features=True` (N, F) features and (N, K) logits.
            batch: Real and generated images.
        """
        options = self.options
        fake_features, fake_logits = discriminator(batch.fake, return_features=True, keep_statistics=False)
        with torch.no_grad():  # the features of the real images need no graph
            real_features, _ = discriminator(batch.real, return_features=True, keep_statistics=False)
        distance = feature_matching_loss(real_features, fake_features, absolute=options.distance == "absolute")
        loss = distance if options.generator_loss == "feature_matching" else non_saturating_loss(fake_logits)
        scalars = {"generator_loss": loss, "feature_distance": distance}
        if options.pull_away_weight:
            scalars["similarity"] = pull_away(fake_features)
            loss = loss + options.pull_away_weight * scalars["similarity"]
        return StepOutput(loss, detached(scalars))


def labeled_part(batch: GanBatch) -> Batch:
    """The labelled images with their targets.

    Raises:
        TrainingError: There are none.
    """
    if batch.labeled is None or batch.labeled.targets is None:
        raise TrainingError("a semi-supervised GAN needs labelled images in every batch, but this one has none.")
    return batch.labeled
