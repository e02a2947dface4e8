"""ABC: FixMatch by a head of its own, and the network's head taught all classes alike; logits stand for images."""

import math

import pytest
import torch
from torch.nn import functional as F

from nevus.algorithms.abc import Abc, AbcOptions, chances
from nevus.algorithms.fixmatch import FixMatch, FixMatchOptions
from nevus.contracts import Batch, Task

TASK = Task(("a", "b"), (1, 1), 6, 10, features=2)
UNEQUAL = TASK._replace(counts=(300, 100))
PROBABILITIES = torch.tensor([[0.96, 0.04], [0.7, 0.3], [0.02, 0.98], [0.4, 0.6]])
STRONG = torch.tensor([[2.0, 0.0], [1.0, 0.0], [0.0, 3.0], [0.5, 0.0]])
FIXMATCH = {"weight": 2.0, "alignment": "none", "confidence": 0.95}


def abc(task: Task = TASK, **changes) -> Abc:
    """Its head hands on what it is given, so that FixMatch sees the same logits."""
    options = {"name": "abc", **FIXMATCH, "frequencies": "predicted", "momentum": 0.9, **changes}
    made = Abc(AbcOptions(**options), task)
    with torch.no_grad():
        made.head.weight.copy_(torch.eye(2))
        made.head.bias.zero_()
    return made


def network(images, return_features):
    assert return_features
    return images, images


def batch(labels=(0, 1), weak=None, strong=None, step: int = 0) -> Batch:
    weak = PROBABILITIES.log() if weak is None else weak
    strong = STRONG if strong is None else strong
    metadata = {"step": step, "rows": torch.arange(len(weak))}
    return Batch(torch.zeros(len(labels), 2), torch.tensor(labels), weak, strong, metadata=metadata)


def test_the_loss_is_that_of_fixmatch_and_those_of_the_balanced_head():
    output = abc()(network, batch())
    fixmatch = FixMatch(FixMatchOptions(name="fixmatch", **FIXMATCH), TASK)(lambda images: images, batch())
    surprise = -(PROBABILITIES * STRONG.log_softmax(dim=1)).sum(dim=1)  # of soft pseudo-labels
    consistency = (surprise[0] + surprise[2]) / 4  # those as sure as 0.95, over all; at first no mask
    assert output.scalars["labeled_loss"].item() == pytest.approx(math.log(2))
    assert output.scalars["unlabeled_loss"].item() == pytest.approx(consistency.item(), rel=1e-5)
    assert output.scalars["pseudo_labels"].item() == pytest.approx(0.5)
    expected = fixmatch.loss + math.log(2) + 2 * consistency
    assert output.loss.item() == pytest.approx(expected.item(), rel=1e-5)


def test_each_class_is_let_through_as_often_as_the_rarest():
    assert torch.allclose(chances(torch.tensor([0.6, 0.3, 0.1])), torch.tensor([1 / 6, 1 / 3, 1.0]))
    assert chances(torch.tensor([0.25] * 4)).tolist() == [1.0] * 4


def test_labelled_images_of_frequent_classes_teach_the_balanced_head_less_often():
    torch.manual_seed(0)
    labels = [0] * 3000 + [1] * 1000
    loss = abc(UNEQUAL).supervised(torch.zeros(4000, 2), batch(labels))
    assert loss.item() == pytest.approx(math.log(2) * (3000 / 3 + 1000) / 4000, abs=0.01)
    balanced = abc(UNEQUAL._replace(prior=(0.5, 0.5)))  # batches that are balanced need no mask
    assert balanced.supervised(torch.zeros(4000, 2), batch(labels)).item() == pytest.approx(math.log(2))


def test_a_batch_that_the_mask_stops_whole_teaches_nothing():
    logits = torch.randn(4, 2, requires_grad=True)
    loss = abc(TASK._replace(counts=(10**9, 1))).supervised(logits, batch([0, 0, 0, 0]))
    loss.backward()
    assert loss.item() == 0
    assert not logits.grad.any()


@pytest.mark.parametrize(("step", "share"), [(0, 1.0), (5, 0.5 * (2 / 3 + 1)), (10, 0.5 * (1 / 3 + 1))])
def test_unlabelled_images_are_balanced_more_and_more(step, share):
    torch.manual_seed(0)
    weak = torch.tensor([[9.0, 0.0], [0.0, 9.0]]).repeat(2000, 1)  # half of each pseudo-label
    made = abc(UNEQUAL, frequencies="labeled")
    taught, loss = made.consistency(weak, torch.zeros(4000, 2), step)
    assert taught.item() == pytest.approx(share, abs=0.02)
    assert loss.item() == pytest.approx(taught.item() * math.log(2), rel=1e-5)
    assert torch.allclose(made.shares, torch.tensor([0.75, 0.25]))


def test_the_shares_of_the_classes_follow_what_the_balanced_head_says():
    made = abc()
    made(network, batch())
    assert torch.allclose(made.shares, 0.9 * torch.tensor([0.5, 0.5]) + 0.1 * PROBABILITIES.mean(dim=0))
    assert {"shares", "learnt", "head.weight"} <= made.state_dict().keys()


def test_pseudo_labels_get_no_gradient_and_both_heads_do():
    weak, strong = PROBABILITIES.log().requires_grad_(), STRONG.clone().requires_grad_()
    made, head = abc(), torch.eye(2, requires_grad=True)
    output = made(lambda images, return_features: (images, images @ head), batch(weak=weak, strong=strong))
    output.loss.backward()
    assert not weak.grad.any()
    assert strong.grad.abs().sum(dim=1).bool().tolist() == [True, False, True, False]
    assert made.head.weight.grad.any() and head.grad.any()


def test_the_balanced_head_is_that_of_the_network():
    logits = torch.tensor([[3.0, 0.0], [0.0, 3.0]])
    made = abc()
    with torch.no_grad():
        made.head.weight.zero_()
    given = batch()._replace(images=logits)
    assert made(network, given).scalars["labeled_loss"] == F.cross_entropy(logits, torch.tensor([0, 1]))
