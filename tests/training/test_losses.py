import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from nevus.training.losses import LabeledLoss, class_weights, set_output_bias
from nevus.training.options import LossOptions

PLAIN = {"label_smoothing": 0.0, "focal_gamma": 0.0, "class_weights": "none", "output_bias": "zero"}


def loss(counts=(10, 10, 10), **changes):
    return LabeledLoss(LossOptions.model_validate({**PLAIN, **changes}), counts)


@pytest.fixture
def logits():
    return torch.randn(12, 3, generator=torch.Generator().manual_seed(0))


TARGETS = torch.arange(12) % 3


def test_plain_is_cross_entropy(logits):
    assert torch.equal(loss()(logits, TARGETS), F.cross_entropy(logits, TARGETS))


@pytest.mark.parametrize("changes", [{}, {"label_smoothing": 0.1}, {"focal_gamma": 2.0}, {"class_weights": "balanced"}])
def test_shares_of_one_class_are_its_index(logits, changes):
    of = loss((5, 20, 5), **changes)
    torch.testing.assert_close(of(logits, F.one_hot(TARGETS, 3).float()), of(logits, TARGETS))


def test_weights_are_those_of_cross_entropy_with_weights(logits):
    found = loss((5, 20, 5), class_weights="balanced")(logits, TARGETS)
    torch.testing.assert_close(found, F.cross_entropy(logits, TARGETS, weight=class_weights((5, 20, 5))))


def test_smoothing_with_weights_or_focus_is_smoothing(logits):
    smooth = loss(label_smoothing=0.2)(logits, TARGETS)
    torch.testing.assert_close(loss(label_smoothing=0.2, class_weights="balanced")(logits, TARGETS), smooth)
    torch.testing.assert_close(smooth, F.cross_entropy(logits, TARGETS, label_smoothing=0.2))


def test_focal_loss_has_the_value_of_the_paper():
    logits = torch.tensor([[math.log(0.9), math.log(0.1)]])  # section 3.2: p = 0.9 counts a hundredth
    found = loss((1, 1), focal_gamma=2.0)(logits, torch.tensor([0]))
    assert found.item() == pytest.approx(-math.log(0.9) / 100, rel=1e-4)


def test_each_class_weighs_the_same_and_an_image_one_on_average():
    weights = class_weights((90, 10))
    torch.testing.assert_close(weights * torch.tensor([90.0, 10.0]), torch.full((2,), 50.0))


def test_prior_is_the_first_answer():
    network = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
    set_output_bias(network, (95, 5))
    nn.init.zeros_(network[2].weight)
    torch.testing.assert_close(network(torch.randn(3, 4)).softmax(dim=1)[:, 1], torch.full((3,), 0.05))


def test_gradients_are_finite_where_an_image_is_known_for_certain():
    logits = torch.tensor([[60.0, -60.0]], requires_grad=True)
    loss((1, 1), focal_gamma=0.5)(logits, torch.tensor([0])).backward()
    assert torch.isfinite(logits.grad).all()
