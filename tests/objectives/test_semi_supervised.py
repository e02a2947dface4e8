import math

import pytest
import torch

from nevus.contracts import Batch, GanBatch, Task, TrainingError
from nevus.objectives._terms import mean_entropy, pull_away, quarter_turns, squared_gradient
from nevus.objectives.semi_supervised import (
    SemiSupervisedGan,
    SemiSupervisedGanOptions,
    feature_matching_loss,
    non_saturating_loss,
    realness,
    unlabeled_discriminator_loss,
)
from tests.training.fakes import TEXTBOOK


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


def test_feature_matching_by_absolute_distances():
    real, fake = torch.zeros(1, 2), torch.tensor([[1.0, -3.0]])
    assert feature_matching_loss(real, fake, absolute=True).item() == 2


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

    def __call__(self, images, return_features=False, keep_statistics=True):
        logits = self.logits(images)
        return (images, logits) if return_features else logits


TASK = Task(("a", "b", "c"), (1, 1, 1), 10, 10)


def gan(**options):
    return SemiSupervisedGan(SemiSupervisedGanOptions(**{**TEXTBOOK, **options}), TASK)


def batch(real, fake, labeled=None, targets=None):
    return GanBatch(
        real, fake, latent=torch.zeros(len(fake), 1), labeled=None if labeled is None else Batch(labeled, targets)
    )


def test_the_discriminator_adds_cross_entropy_to_the_weighted_unlabeled_term():
    objective = gan(generator_loss="feature_matching", unlabeled_weight=0.5)
    undecided = logits_with_realness(0.5, classes=2)
    seen = batch(undecided, undecided, labeled=torch.zeros(4, 2), targets=torch.tensor([0, 1, 0, 1]))
    output = objective.discriminator_loss(None, Fixed(lambda images: images), seen)
    assert output.loss.item() == pytest.approx(math.log(2) + 0.5 * 2 * math.log(2))
    assert output.scalars["d_real"].item() == pytest.approx(0.5)


def test_labelled_images_are_needed():
    objective = gan(generator_loss="feature_matching", unlabeled_weight=0.5)
    with pytest.raises(TrainingError, match="labelled images"):
        objective.discriminator_loss(None, Fixed(lambda images: images), batch(torch.zeros(2, 2), torch.zeros(2, 2)))


def test_the_generator_minimises_what_it_was_told_to():
    discriminator = Fixed(lambda images: logits_with_realness(0.5, rows=len(images)))
    seen = batch(torch.zeros(2, 3), torch.ones(2, 3))
    matching = gan(generator_loss="feature_matching", unlabeled_weight=1.0)
    saturating = gan(generator_loss="non_saturating", unlabeled_weight=1.0)
    assert matching.generator_loss(None, discriminator, seen).loss.item() == 1
    assert saturating.generator_loss(None, discriminator, seen).loss.item() == pytest.approx(math.log(2))
    assert saturating.generator_loss(None, discriminator, seen).scalars["feature_distance"].item() == 1


SEEN = batch(torch.tensor([[2.0, 0.0]]), torch.zeros(1, 2), labeled=torch.zeros(2, 2), targets=torch.tensor([0, 1]))
IDENTITY = Fixed(lambda images: images)


def extra(**options):
    """What the discriminator's loss grows by, and what is logged of it."""
    without = gan().discriminator_loss(None, IDENTITY, SEEN).loss
    made = gan(**options)
    return made, lambda generator=None, seen=SEEN: (
        (output := made.discriminator_loss(generator, IDENTITY, seen)).loss - without,
        output.scalars,
    )


def test_consistency_asks_the_averaged_discriminator_about_the_weak_view():
    made, added = extra(consistency_weight=3.0)
    made.teacher = lambda images: images
    weak = torch.tensor([[0.9, 0.1]]).log()
    strong = torch.tensor([[0.5, 0.5]]).log()
    grown, scalars = added(seen=SEEN._replace(weak=weak, strong=strong))
    assert grown.item() == pytest.approx(3 * 2 * 0.4**2, rel=1e-5)
    assert scalars["inconsistency"].item() == pytest.approx(2 * 0.4**2, rel=1e-5)
    assert made.views == ("weak", "strong")
    assert gan().views == ()


def test_consistency_grows():
    made = gan(consistency_weight=3.0, consistency_ramp=0.5)
    made.teacher = lambda images: images
    seen = SEEN._replace(weak=torch.tensor([[3.0, 0.0]]), strong=torch.zeros(1, 2))
    losses = [made.discriminator_loss(None, IDENTITY, seen._replace(step=step)).loss.item() for step in (0, 3, 5, 9)]
    assert losses[0] < losses[1] < losses[2] == losses[3]


def test_sure_answers_on_real_images_have_no_entropy():
    assert mean_entropy(torch.zeros(4, 3)).item() == pytest.approx(math.log(3))
    assert mean_entropy(torch.tensor([[50.0, 0.0, 0.0]])).item() == pytest.approx(0, abs=1e-10)
    _, added = extra(entropy_weight=2.0)
    assert added()[0].item() == pytest.approx(2 * mean_entropy(SEEN.real).item())


def test_images_pull_away_until_their_features_are_orthogonal():
    assert pull_away(torch.eye(3) * 7).item() == pytest.approx(0)
    assert pull_away(torch.ones(3, 2)).item() == pytest.approx(1)
    similar = gan(pull_away_weight=0.5, generator_loss="non_saturating")
    plain = gan(generator_loss="non_saturating")
    seen = batch(torch.zeros(2, 2), torch.ones(2, 2))
    grown = similar.generator_loss(None, IDENTITY, seen).loss - plain.generator_loss(None, IDENTITY, seen).loss
    assert grown.item() == pytest.approx(0.5)


def test_neighbours_in_the_latent_space_are_to_be_called_alike():
    torch.manual_seed(0)
    _, added = extra(manifold_weight=2.0, manifold_step=0.5)
    flat, _ = added(generator=lambda latent: torch.zeros(len(latent), 2))
    steep, scalars = added(generator=lambda latent: latent.expand(-1, 2))
    assert flat.item() == pytest.approx(0, abs=1e-6)
    assert steep.item() > 0
    assert scalars["roughness"].item() == pytest.approx(steep.item() / 2, rel=1e-4)
    steps = [
        extra(manifold_weight=1.0, manifold_step=step)[1](generator=lambda z: z.expand(-1, 2))[1]
        for step in [2.0] * 400
    ]
    mean = sum(scalars["roughness"].item() for scalars in steps) / len(steps)
    assert mean == pytest.approx(2 * 2.0**2, rel=0.25)  # two logits, each as far as the step


def test_quarter_turns_are_told_apart_by_a_head_of_their_own():
    torch.manual_seed(0)
    images = torch.arange(9.0).view(1, 1, 3, 3).expand(40, -1, -1, -1)
    turned, quarters = quarter_turns(images)
    assert set(quarters.tolist()) == {0, 1, 2, 3}
    for image, number in zip(turned, quarters, strict=True):
        assert torch.equal(image, torch.rot90(images[0], int(number), dims=(1, 2)))
    made = SemiSupervisedGan(
        SemiSupervisedGanOptions(**{**TEXTBOOK, "rotation_weight": 1.0}), TASK._replace(features=2)
    )
    torch.nn.init.zeros_(made.quarters.weight)
    torch.nn.init.zeros_(made.quarters.bias)
    discriminator = Fixed(lambda images: images)
    discriminator_of_pictures = lambda images, **options: discriminator(images.flatten(1)[:, :2], **options)  # noqa: E731
    seen = batch(torch.zeros(2, 1, 2, 2), torch.zeros(2, 1, 2, 2), torch.zeros(2, 1, 2, 2), torch.tensor([0, 1]))
    seen = seen._replace(plain=torch.zeros(2, 1, 2, 2))
    output = made.discriminator_loss(None, discriminator_of_pictures, seen)
    assert output.scalars["rotation_loss"].item() == pytest.approx(math.log(4))
    output.loss.backward()
    assert made.quarters.bias.grad.any()


def test_r1_is_the_squared_slope_of_the_score():
    images = torch.randn(3, 1, 2, 2, requires_grad=True)
    assert squared_gradient((images * 2.0).sum(dim=(1, 2, 3)), images).item() == pytest.approx(4 * 4)


def test_batch_normalisation_sees_the_same_beside_the_averaged_discriminator_and_its_pupil():
    made = gan(consistency_weight=1.0, consistency_ramp=0.0)
    network = torch.nn.BatchNorm1d(2)
    made.teacher = network
    view = torch.tensor([[0.5, 1.5], [-1.0, 2.0]])
    labeled = torch.tensor([[5.0, 0.0], [9.0, -3.0]])
    seen = batch(view + 1, view, labeled=labeled, targets=torch.tensor([0, 1]))._replace(weak=view, strong=view)
    output = made.discriminator_loss(None, Fixed(network), seen)
    assert output.scalars["inconsistency"].item() == pytest.approx(0, abs=1e-6)
