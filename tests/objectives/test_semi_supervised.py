import math

import pytest
import torch

from nevus.contracts import Batch, GanBatch, Task, TrainingError
from nevus.objectives.semi_supervised import (
    SemiSupervisedGan,
    SemiSupervisedGanOptions,
    feature_matching_loss,
    non_saturating_loss,
    realness,
    unlabeled_discriminator_loss,
)


def logits_with_realness(probability: float, rows: int = 4, classes: int = 3) -> torch.Tensor:
    """Z = p / (1 - p), shared evenly by the classes."""
    return torch.full((rows, classes), math.log(probability / (1 - probability) / classes))


def test_a_discriminator_that_cannot_tell_pays_two_ln_two():
    undecided = logits_with_realness(0.5)
    assert unlabeled_discriminator_loss(undecided, undecided).item() == pytest.approx(2 * math.log(2))


def test_the_loss_equals_the_cross_entropy_of_a_softmax_with_a_fake_class_at_zero():
    torch.manual_seed(0)
    real, fake = torch.randn(5, 3), torch.randn(7, 3)

    def with_fake_class(logits):
        return torch.cat([logits, torch.zeros(len(logits), 1)], dim=1).log_softmax(dim=1)

    expected = -(1 - with_fake_class(real)[:, 3].exp()).log().mean() - with_fake_class(fake)[:, 3].mean()
    assert unlabeled_discriminator_loss(real, fake).item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("probability", [0.01, 0.5, 0.99])
def test_realness_is_z_over_z_plus_one(probability):
    torch.testing.assert_close(realness(logits_with_realness(probability)), torch.full((4,), probability))


def test_large_logits_stay_finite():
    huge = torch.full((2, 3), 1e4)
    assert torch.isfinite(unlabeled_discriminator_loss(huge, huge))
    assert torch.isfinite(non_saturating_loss(-huge))


def test_feature_matching_compares_means_only():
    real = torch.tensor([[0.0, 2.0], [4.0, 2.0]])
    same_mean = torch.tensor([[2.0, 2.0]])
    shifted = same_mean + torch.tensor([[1.0, 3.0]])
    assert feature_matching_loss(real, same_mean).item() == 0
    assert feature_matching_loss(real, shifted).item() == pytest.approx((1 + 9) / 2)


def test_feature_matching_sends_no_gradient_into_the_real_features():
    real, fake = torch.randn(3, 2, requires_grad=True), torch.randn(3, 2, requires_grad=True)
    feature_matching_loss(real, fake).backward()
    assert real.grad is None
    assert fake.grad is not None


def test_the_non_saturating_loss_is_ln_two_when_undecided_and_falls_with_realness():
    assert non_saturating_loss(logits_with_realness(0.5)).item() == pytest.approx(math.log(2))
    assert non_saturating_loss(logits_with_realness(0.9)) < non_saturating_loss(logits_with_realness(0.1))


class Fixed:
    """A discriminator whose answers are the images themselves: (N, F) features, and logits from them."""

    def __init__(self, logits):
        self.logits = logits

    def __call__(self, images, return_features=False):
        logits = self.logits(images)
        return (images, logits) if return_features else logits


TASK = Task(("a", "b", "c"), (1, 1, 1), 10, 10)


def gan(**options):
    return SemiSupervisedGan(SemiSupervisedGanOptions(name="semi_supervised", **options), TASK)


def batch(real, fake, labeled=None, targets=None):
    return GanBatch(
        real, fake, latent=torch.zeros(len(fake), 1), labeled=None if labeled is None else Batch(labeled, targets)
    )


def test_the_discriminator_adds_cross_entropy_to_the_weighted_unlabeled_term():
    objective = gan(generator_loss="feature_matching", unlabeled_weight=0.5)
    undecided = logits_with_realness(0.5, classes=2)
    seen = batch(undecided, undecided, labeled=torch.zeros(4, 2), targets=torch.tensor([0, 1, 0, 1]))
    output = objective.discriminator_loss(Fixed(lambda images: images), seen)
    assert output.loss.item() == pytest.approx(math.log(2) + 0.5 * 2 * math.log(2))
    assert output.scalars["d_real"].item() == pytest.approx(0.5)


def test_labelled_images_are_needed():
    objective = gan(generator_loss="feature_matching", unlabeled_weight=0.5)
    with pytest.raises(TrainingError, match="labelled images"):
        objective.discriminator_loss(Fixed(lambda images: images), batch(torch.zeros(2, 2), torch.zeros(2, 2)))


def test_the_generator_minimises_what_it_was_told_to():
    discriminator = Fixed(lambda images: logits_with_realness(0.5, rows=len(images)))
    seen = batch(torch.zeros(2, 3), torch.ones(2, 3))
    matching = gan(generator_loss="feature_matching", unlabeled_weight=1.0)
    saturating = gan(generator_loss="non_saturating", unlabeled_weight=1.0)
    assert matching.generator_loss(None, discriminator, seen).loss.item() == 1
    assert saturating.generator_loss(None, discriminator, seen).loss.item() == pytest.approx(math.log(2))
    assert saturating.generator_loss(None, discriminator, seen).scalars["feature_distance"].item() == 1
