"""Algorithms whose features no label shapes."""

import math

import pytest
import torch

from nevus.algorithms.byol import Byol, ByolOptions, cosine_distance
from nevus.algorithms.simclr import SimClr, SimClrOptions, contrastive_loss
from nevus.contracts import Batch, Task

TASK = Task(("a", "b"), (1, 1), 4, 10, features=3)
OPTIONS = {"hidden": 5, "projection": 4}


class Network(torch.nn.Module):
    """Images are vectors; features are linear in them, logits linear in the features."""

    def __init__(self):
        super().__init__()
        self.body, self.head = torch.nn.Linear(3, 3), torch.nn.Linear(3, 2)

    def forward(self, images, return_features=False):
        return (self.body(images), self.head(self.body(images))) if return_features else self.head(images)


def made(kind):
    torch.manual_seed(0)
    if kind is SimClr:
        return SimClr(SimClrOptions(name="simclr", temperature=0.5, **OPTIONS), TASK)
    algorithm = Byol(ByolOptions(name="byol", momentum=0.5, **OPTIONS), TASK)
    algorithm.teacher = Network()
    return algorithm


def test_views_that_are_all_alike_cost_the_logarithm_of_the_others():
    alike = torch.ones(4, 3)
    assert contrastive_loss(alike, alike, 0.2).item() == pytest.approx(math.log(7), rel=1e-5)


def test_pairs_that_are_orthogonal_to_all_others():
    pairs = torch.eye(4)
    wanted = -2 + math.log(math.exp(2) + 6)  # at a temperature of 1/2: one cosine of 1, six of 0
    assert contrastive_loss(pairs, pairs, 0.5).item() == pytest.approx(wanted, rel=1e-5)
    assert contrastive_loss(pairs * 9, pairs, 0.5).item() == pytest.approx(wanted, rel=1e-5)  # lengths do not count


def test_the_target_is_a_quarter_of_the_circle_away_at_a_distance_of_two():
    one, other = torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    assert cosine_distance(one, one).item() == pytest.approx(0, abs=1e-6)
    assert cosine_distance(one, other).item() == pytest.approx(2)
    assert cosine_distance(one, -one).item() == pytest.approx(4)


@pytest.mark.parametrize("kind", [SimClr, Byol])
def test_labels_teach_the_head_and_nothing_else(kind):
    algorithm, gradients = made(kind), []
    views = torch.randn(4, 3), torch.randn(4, 3)
    images = torch.randn(2, 3)
    for targets in (torch.tensor([0, 1]), torch.tensor([1, 0])):
        torch.manual_seed(1)
        network = Network()
        algorithm(network, Batch(images, targets, *views)).loss.backward()
        gradients.append((network.body.weight.grad, network.head.weight.grad))
    (body, head), (same_body, other_head) = gradients
    assert body.any()
    assert torch.allclose(body, same_body, atol=1e-6)
    assert not torch.allclose(head, other_head)
    assert not kind.labels_shape_features


def test_the_target_of_byol_follows_and_gets_no_gradient():
    algorithm = made(Byol)
    before = algorithm.target[0].weight.clone()
    with torch.no_grad():
        algorithm.projector[0].weight += 1
    batch = Batch(torch.randn(2, 3), torch.tensor([0, 1]), torch.randn(4, 3), torch.randn(4, 3))
    algorithm(Network(), batch).loss.backward()
    assert torch.allclose(algorithm.target[0].weight, before + 0.5, atol=1e-6)
    assert all(one.grad is None for one in algorithm.target.parameters())
