"""Distillation: what is learnt from soft labels; logits stand for images."""

import math

import pytest
import torch

from nevus.algorithms.distillation import Distillation, DistillationOptions
from nevus.contracts import Batch, NevusError, Task

SOFT = torch.tensor([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]])
ROWS = (2, 0)


def distillation(**changes) -> Distillation:
    options = DistillationOptions(**{"name": "distillation", "temperature": 1.0, "weight": 2.0, **changes})
    return Distillation(options, Task(("a", "b"), (1, 1), 3, 10, soft_labels=SOFT))


def batch(strong: torch.Tensor) -> Batch:
    metadata = {"step": 0, "rows": torch.tensor(ROWS)}
    return Batch(torch.zeros(2, 2), torch.tensor([0, 1]), strong=strong, metadata=metadata)


def test_strong_views_are_compared_with_the_soft_labels_of_their_own_images():
    output = distillation()(lambda images: images, batch(torch.zeros(2, 2)))
    entropy = -(SOFT * SOFT.log()).sum(dim=1)[list(ROWS)]
    divergence = (math.log(2) - entropy).mean()  # from equal probabilities
    assert output.scalars["unlabeled_loss"].item() == pytest.approx(divergence.item(), rel=1e-5)
    assert output.loss.item() == pytest.approx(math.log(2) + 2 * divergence.item(), rel=1e-5)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_who_says_what_the_teachers_say_has_nothing_to_learn_at_any_temperature(temperature):
    strong = SOFT.log()[list(ROWS)].requires_grad_()
    output = distillation(temperature=temperature)(lambda images: images, batch(strong))
    output.loss.backward()
    assert output.scalars["unlabeled_loss"].item() == pytest.approx(0, abs=1e-6)
    assert strong.grad.abs().max() < 1e-6


def test_a_high_temperature_makes_logits_match_at_a_gradient_that_does_not_vanish():
    """Section 2.1 of the paper: the gradient becomes the difference of the centred logits over K, here over N too."""
    strong = torch.tensor([[0.3, -0.3], [1.0, -1.0]], requires_grad=True)
    distillation(temperature=1000.0, weight=1.0)(lambda images: images, batch(strong)).loss.backward()
    wanted = SOFT.log()[list(ROWS)]
    centred = wanted - wanted.mean(dim=1, keepdim=True)
    assert torch.allclose(strong.grad, (strong.detach() - centred) / (2 * 2), atol=1e-3)


def test_checkpoints_and_their_keys_see_the_soft_labels():
    assert torch.allclose(distillation().state_dict()["soft_labels"], SOFT)


def test_nobody_who_teaches_is_an_error():
    with pytest.raises(NevusError, match="wants teachers"):
        Distillation(
            DistillationOptions(name="distillation", temperature=1.0, weight=1.0), Task(("a", "b"), (1, 1), 3, 10)
        )
