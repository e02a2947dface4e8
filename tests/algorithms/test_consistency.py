"""Algorithms that want two predictions to agree; logits stand for images."""

import math

import pytest
import torch

from nevus.algorithms.base import ConsistencyOptions, disagreement
from nevus.algorithms.ict import Ict, IctOptions
from nevus.algorithms.mean_teacher import MeanTeacher
from nevus.algorithms.mixmatch import MixMatch, MixMatchOptions
from nevus.algorithms.pi_model import PiModel
from nevus.contracts import Batch, Task

TASK = Task(("a", "b"), (1, 1), 2, 10)
WEAK = torch.tensor([[0.9, 0.1], [0.3, 0.7]]).log()
STRONG = torch.tensor([[0.5, 0.5], [0.3, 0.7]]).log()
APART = (0.4**2 + 0.4**2) / 2  # 0.9 against 0.5, in both classes of one image of two


def batch(step: int) -> Batch:
    return Batch(torch.zeros(2, 2), torch.tensor([0, 1]), WEAK, STRONG, metadata={"step": step})


def test_a_term_grows_from_next_to_nothing_to_all():
    ramp_up = Task(("a", "b"), (1, 1), 2, 100).ramp_up
    assert ramp_up(0, 0.4) == pytest.approx(math.exp(-5))
    assert ramp_up(20, 0.4) == pytest.approx(math.exp(-5 / 4))
    assert ramp_up(40, 0.4) == ramp_up(99, 0.4) == ramp_up(0, 0.0) == 1


def test_disagreement_is_summed_over_classes_and_meant_over_images():
    assert disagreement(WEAK.exp(), STRONG.exp()).item() == pytest.approx(APART)
    assert disagreement(WEAK.exp(), WEAK.exp()).item() == 0


@pytest.mark.parametrize("step", [0, 9])
def test_the_pi_model_pulls_both_views_together(step):
    made = PiModel(ConsistencyOptions(name="pi_model", weight=3.0, ramp=0.5), TASK)
    weak, strong = WEAK.clone().requires_grad_(), STRONG.clone().requires_grad_()
    output = made(lambda images: images, batch(step)._replace(weak=weak, strong=strong))
    output.loss.backward()
    assert output.loss.item() == pytest.approx(math.log(2) + 3 * TASK.ramp_up(step, 0.5) * APART)
    assert weak.grad.any()
    assert strong.grad.any()


def test_the_student_sees_strong_views_as_the_teacher_sees_weak_ones():
    made = MeanTeacher(ConsistencyOptions(name="mean_teacher", weight=3.0, ramp=0.0), TASK)
    made.teacher = lambda images: images
    weak = WEAK.clone().requires_grad_()
    output = made(lambda images: images, batch(0)._replace(weak=weak))
    assert output.loss.item() == pytest.approx(math.log(2) + 3 * APART)
    output.loss.requires_grad_().backward()
    assert weak.grad is None


def test_a_network_that_is_linear_in_probabilities_interpolates_at_no_cost():
    """Images that are probabilities, and a network that says their logarithm."""
    torch.manual_seed(0)
    made = Ict(IctOptions(name="ict", weight=1.0, ramp=0.0, alpha=1.0), TASK)
    made.teacher = torch.log
    given = batch(0)._replace(images=torch.full((2, 2), 0.5), weak=WEAK.exp())
    output = made(torch.log, given)
    assert output.scalars["unlabeled_loss"].item() == pytest.approx(0, abs=1e-10)
    assert output.loss.item() == pytest.approx(math.log(2))


def test_interpolation_costs_where_the_network_bends():
    torch.manual_seed(0)
    made = Ict(IctOptions(name="ict", weight=1.0, ramp=0.0, alpha=100.0), TASK)
    made.teacher = lambda images: images
    given = batch(0)._replace(weak=torch.tensor([[4.0, 0.0], [0.0, 0.5]]))
    orders = {made(lambda images: images, given).scalars["unlabeled_loss"].item() > 1e-4 for _ in range(20)}
    assert True in orders  # whenever the two are mixed with one another


def test_mixtures_keep_the_larger_part_of_each_image_and_add_up():
    torch.manual_seed(0)
    made = MixMatch(MixMatchOptions(name="mixmatch", weight=1.0, ramp=0.0, alpha=0.75, temperature=0.5), TASK)
    images, targets = torch.eye(6), torch.eye(6)
    for _ in range(5):
        mixed, shares = made.mix(images, targets)
        assert torch.equal(mixed, shares)  # mixed alike
        assert (mixed.diagonal() >= 0.5).all()
        assert torch.allclose(mixed.sum(dim=1), torch.ones(6))


def test_mixmatch_guesses_sharpened_means_over_both_views(monkeypatch):
    made = MixMatch(MixMatchOptions(name="mixmatch", weight=2.0, ramp=0.0, alpha=0.75, temperature=0.5), TASK)
    seen = {}
    monkeypatch.setattr(made, "mix", lambda images, targets: seen.update(targets=targets) or (images, targets))
    output = made(lambda images: images, batch(0))
    mean = (WEAK.exp() + STRONG.exp()) / 2
    guess = mean.square() / mean.square().sum(dim=1, keepdim=True)
    assert torch.equal(seen["targets"][:2], torch.eye(2))
    assert torch.allclose(seen["targets"][2:4], guess)
    assert torch.allclose(seen["targets"][4:], guess)
    error = ((torch.cat([WEAK, STRONG]).exp() - torch.cat([guess, guess])) ** 2).mean()
    assert output.loss.item() == pytest.approx(math.log(2) + 2 * error.item(), rel=1e-5)


@pytest.mark.parametrize("made", [PiModel, MeanTeacher])
def test_nothing_logged_has_a_graph(made):
    algorithm = made(ConsistencyOptions(name="x", weight=1.0, ramp=0.0), TASK)
    algorithm.teacher = lambda images: images
    output = algorithm(lambda images: images * 1.0, batch(0)._replace(strong=STRONG.clone().requires_grad_()))
    assert output.loss.requires_grad
    assert not any(value.requires_grad for value in output.scalars.values())


@pytest.mark.parametrize(
    "made",
    [
        MeanTeacher(ConsistencyOptions(name="mean_teacher", weight=1.0, ramp=0.0), TASK),
        Ict(IctOptions(name="ict", weight=1.0, ramp=0.0, alpha=1e-3), TASK),  # mixtures of one image alone
    ],
)
def test_batch_normalisation_sees_the_same_beside_the_teacher_and_the_student(made):
    """Labelled images are of other classes than the others, and one's own weights still have nothing to teach."""
    torch.manual_seed(0)
    network = torch.nn.BatchNorm1d(2)
    made.teacher = network
    given = batch(0)._replace(images=torch.tensor([[5.0, 0.0], [9.0, -3.0]]), strong=WEAK)
    assert made(network, given).scalars["unlabeled_loss"].item() == pytest.approx(0, abs=1e-6)
