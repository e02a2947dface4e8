import math

import pytest
import torch

from nevus.algorithms.base import AlgorithmOptions
from nevus.algorithms.supervised import Supervised
from nevus.contracts import Batch, Task

TASK = Task(("a", "b", "c"), (1, 1, 1), 0, 10)


def algorithm() -> Supervised:
    return Supervised(AlgorithmOptions(name="supervised"), TASK)


def test_equal_logits_cost_the_logarithm_of_the_number_of_classes():
    output = algorithm()(
        lambda images: torch.zeros(len(images), 3), Batch(torch.zeros(4, 3), torch.tensor([0, 1, 2, 0]))
    )
    assert output.loss.item() == pytest.approx(math.log(3))
    assert output.scalars["labeled_accuracy"].item() == pytest.approx(0.5)


def test_the_loss_is_the_mean_surprise_of_the_targets():
    logits = torch.tensor([[2.0, 0.0, 0.0], [0.0, 1.0, 3.0]])
    targets = torch.tensor([0, 1])
    expected = -logits.log_softmax(dim=1)[[0, 1], targets].mean()
    assert algorithm()(lambda images: images, Batch(logits, targets)).loss.item() == pytest.approx(expected.item())


def test_no_gradient_is_kept_in_what_is_logged():
    logits = torch.zeros(2, 3, requires_grad=True)
    output = algorithm()(lambda images: images, Batch(logits, torch.tensor([0, 1])))
    assert output.loss.requires_grad
    assert not any(value.requires_grad for value in output.scalars.values())
