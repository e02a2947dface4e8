"""FixMatch and its relatives: which predictions are believed, and what is learnt from them; logits stand for images."""

import math
from functools import partial

import pytest
import torch
from torch.nn import functional as F

from nevus.algorithms.fixmatch import FixMatch, FixMatchOptions
from nevus.algorithms.flexmatch import FlexMatch
from nevus.algorithms.freematch import FreeMatch
from nevus.algorithms.simpro import SimPro, SimProOptions
from nevus.algorithms.softmatch import SoftMatch, SoftMatchOptions
from nevus.algorithms.uda import Uda, UdaOptions, sharpen
from nevus.contracts import Batch, Task
from nevus.pipelines.classifier.shares import estimated_shares

TASK = Task(("a", "b"), (1, 1), 6, 10)
PROBABILITIES = torch.tensor([[0.96, 0.04], [0.7, 0.3], [0.02, 0.98], [0.4, 0.6]])
STRONG = torch.tensor([[2.0, 0.0], [1.0, 0.0], [0.0, 3.0], [0.5, 0.0]])


def batch(step: int = 0, rows=(0, 1, 2, 3)) -> Batch:
    metadata = {"step": step, "rows": torch.tensor(rows)}
    return Batch(torch.zeros(2, 2), torch.tensor([0, 1]), PROBABILITIES.log(), STRONG, metadata=metadata)


def fixmatch(**changes) -> FixMatch:
    return FixMatch(
        FixMatchOptions(**{"name": "fixmatch", "weight": 2.0, "alignment": "none", "confidence": 0.95, **changes}), TASK
    )


def test_sure_weak_views_are_the_labels_of_their_strong_views():
    output = fixmatch()(lambda images: images, batch())
    surprise = -STRONG.log_softmax(dim=1)
    expected = (surprise[0, 0] + surprise[2, 1]) / 4  # the mean goes over all four
    assert output.scalars["unlabeled_loss"].item() == pytest.approx(expected.item())
    assert output.loss.item() == pytest.approx(math.log(2) + 2 * expected.item())
    assert output.scalars["pseudo_labels"].item() == pytest.approx(0.5)


def test_the_network_sees_all_images_at_once_and_weak_views_get_no_gradient():
    calls = []
    weak = PROBABILITIES.log().requires_grad_()
    strong = STRONG.clone().requires_grad_()
    output = fixmatch()(lambda images: calls.append(len(images)) or images, batch()._replace(weak=weak, strong=strong))
    output.loss.backward()
    assert calls == [2 + 4 + 4]
    assert not weak.grad.any()
    assert strong.grad.abs().sum(dim=1).bool().tolist() == [True, False, True, False]


def test_uda_learns_sharpened_probabilities():
    made = Uda(UdaOptions(name="uda", weight=1.0, alignment="none", confidence=0.65, temperature=0.5), TASK)
    output = made(lambda images: images, batch())
    squared = PROBABILITIES.square()
    wanted = squared / squared.sum(dim=1, keepdim=True)
    believed = torch.tensor([1.0, 1.0, 1.0, 0.0])
    expected = (believed * -(wanted * STRONG.log_softmax(dim=1)).sum(dim=1)).mean()
    assert output.scalars["unlabeled_loss"].item() == pytest.approx(expected.item(), rel=1e-5)
    assert torch.allclose(sharpen(PROBABILITIES, 1.0), PROBABILITIES)


def test_flexmatch_asks_less_of_a_class_that_is_learnt_slowly():
    made = FlexMatch(FixMatchOptions(name="flexmatch", weight=1.0, alignment="none", confidence=0.95), TASK)
    made.sure[:] = torch.tensor([0, 0, 0, 0, 1, -1])  # 4 of the first class, 1 of the second, 1 never
    believed = made.weights(
        torch.tensor([[0.94, 0.06], [0.85, 0.15], [0.2, 0.8], [0.9, 0.1]]), batch(rows=(0, 1, 2, 3))
    )
    # b is 1 and 1/4, so the second class needs 0.95 * (1/4) / (2 - 1/4) = 0.136 and the first all of 0.95
    assert believed.tolist() == [0, 0, 1, 0]
    assert made.sure.tolist() == [0, 0, 0, 0, 1, -1]  # none was as sure as 0.95


def test_flexmatch_remembers_who_was_sure_and_starts_with_everything_believed():
    made = FlexMatch(FixMatchOptions(name="flexmatch", weight=1.0, alignment="none", confidence=0.95), TASK)
    assert made.weights(PROBABILITIES, batch(rows=(5, 1, 2, 3))).tolist() == [1, 1, 1, 1]  # b is 0 of 6 for both
    assert made.sure.tolist() == [-1, -1, 1, -1, -1, 0]
    assert "sure" in made.state_dict()


def test_freematch_asks_what_the_network_usually_is_of_each_class():
    made = FreeMatch(SoftMatchOptions(name="freematch", weight=1.0, alignment="none", momentum=0.0), TASK)
    usual, shares = PROBABILITIES.amax(dim=1).mean(), PROBABILITIES.mean(dim=0)
    wanted = usual * shares / shares.max()
    believed = made.weights(PROBABILITIES, batch())
    assert believed.tolist() == [float(wanted[0] <= 0.96), float(wanted[0] <= 0.7), 1.0, float(wanted[1] <= 0.6)]
    assert made.usual.item() == pytest.approx(usual.item())


def test_running_means_move_by_their_momentum():
    made = FreeMatch(SoftMatchOptions(name="freematch", weight=1.0, alignment="none", momentum=0.9), TASK)
    made.weights(PROBABILITIES, batch())
    assert made.usual.item() == pytest.approx(0.9 * 0.5 + 0.1 * PROBABILITIES.amax(dim=1).mean().item())
    assert torch.allclose(made.shares, 0.9 * torch.tensor([0.5, 0.5]) + 0.1 * PROBABILITIES.mean(dim=0))


def test_softmatch_weighs_by_a_gaussian_below_the_mean():
    made = SoftMatch(SoftMatchOptions(name="softmatch", weight=1.0, alignment="none", momentum=0.0), TASK)
    highest = PROBABILITIES.amax(dim=1)
    weights = made.weights(PROBABILITIES, batch())
    mean, variance = highest.mean(), highest.var()
    expected = torch.where(highest < mean, torch.exp(-((highest - mean) ** 2) / (2 * variance)), torch.ones(4))
    assert torch.allclose(weights, expected)
    assert {"mean", "variance"} <= made.state_dict().keys()


def test_one_unlabelled_image_alone_has_a_weight():
    made = SoftMatch(SoftMatchOptions(name="softmatch", weight=1.0, alignment="none", momentum=0.5), TASK)
    assert made.weights(PROBABILITIES[:1], batch()).isfinite().all()


def test_soft_targets_cost_their_entropy_where_the_strong_view_agrees():
    made = Uda(UdaOptions(name="uda", weight=1.0, alignment="none", confidence=0.0, temperature=1.0), TASK)
    output = made(lambda images: images, batch()._replace(strong=PROBABILITIES.log()))
    entropy = -(PROBABILITIES * PROBABILITIES.log()).sum(dim=1).mean()
    assert output.scalars["unlabeled_loss"].item() == pytest.approx(entropy.item(), rel=1e-5)
    assert F.cross_entropy(PROBABILITIES.log(), PROBABILITIES).item() == pytest.approx(entropy.item(), rel=1e-5)


@pytest.mark.parametrize("confidence", [-0.1, 1.1])
def test_a_confidence_outside_of_0_to_1_is_refused(confidence):
    with pytest.raises(ValueError, match="confidence"):
        fixmatch(confidence=confidence)


def simpro(**changes) -> SimPro:
    options = {
        "name": "simpro",
        "weight": 1.0,
        "alignment": "none",
        "confidence": 0.0,
        "strength": 1.0,
        "momentum": 0.9,
        **changes,
    }
    return SimPro(SimProOptions(**options), TASK)


def test_simpro_judges_unlabelled_images_by_the_estimated_shares():
    made = simpro()
    made.shares[:] = torch.tensor([0.9, 0.1])
    output = made(lambda images: images, batch())
    odds = PROBABILITIES * torch.tensor([0.9, 0.1])
    corrected = odds / odds.sum(dim=1, keepdim=True)
    labels = corrected.argmax(dim=1)
    assert labels.tolist() == [0, 0, 1, 0]  # the last one was of the second class
    surprise = -(STRONG + torch.tensor([0.9, 0.1]).log()).log_softmax(dim=1)[range(4), labels]
    assert output.scalars["unlabeled_loss"].item() == pytest.approx(surprise.mean().item(), rel=1e-5)
    assert torch.allclose(made.shares, 0.9 * torch.tensor([0.9, 0.1]) + 0.1 * corrected.mean(dim=0))


def test_simpro_finds_the_shares_of_a_known_mixture():
    """Predictions of the best classifier for equal classes, on a mixture with a tenth of the second class."""
    generator = torch.Generator().manual_seed(0)
    made = simpro(momentum=0.98)
    for _ in range(600):
        second = torch.rand(64, generator=generator) < 0.1
        values = torch.randn(64, generator=generator) + 2 * second
        weak = torch.stack([torch.zeros(64), 2 * values - 2], dim=1)
        given = batch()._replace(weak=weak, strong=weak)
        made(lambda images: images, given)
    assert made.shares[1].item() == pytest.approx(0.1, abs=0.03)


def test_simpro_without_strength_is_fixmatch():
    plain, corrected = fixmatch(weight=1.0, confidence=0.65), simpro(strength=0.0, confidence=0.65)
    assert plain(lambda images: images, batch()).loss == corrected(lambda images: images, batch()).loss


def mixture(share: float, count: int, generator: torch.Generator) -> torch.Tensor:
    """Logits of the best classifier for equal classes, on images of which this share is of the second class."""
    second = torch.rand(count, generator=generator) < share
    values = torch.randn(count, generator=generator) + 2 * second
    return torch.stack([torch.zeros(count), 2 * values - 2], dim=1)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.5, 0.8])
def test_predictions_are_aligned_to_the_shares_estimated_in_a_known_mixture(share):
    logits = mixture(share, 4000, torch.Generator().manual_seed(0))
    task = Task(("a", "b"), (1, 1), len(logits), 10, estimate_shares=partial(estimated_shares, before=[0.5, 0.5]))
    made = FixMatch(FixMatchOptions(name="fixmatch", weight=1.0, alignment="estimated", confidence=0.0), task)
    for step in range(101):
        rows = torch.arange(40 * step, 40 * (step + 1)) % len(logits)
        metadata = {"step": step, "rows": rows}
        output = made(
            lambda images: images,
            Batch(torch.zeros(2, 2), torch.tensor([0, 1]), logits[rows], logits[rows], metadata=metadata),
        )
    assert made.alignment.shares[1].item() == pytest.approx(share, abs=0.03)
    assert output.scalars["share_of_last_class"] == made.alignment.shares[1]
    ratio = made.alignment.shares / made.alignment.said.mean(dim=0)
    odds = logits[:7].softmax(dim=1) * ratio
    found = made.alignment(logits[:7].softmax(dim=1), torch.arange(7), 101)
    assert torch.allclose(found, odds / odds.sum(dim=1, keepdim=True), atol=1e-6)
    assert {"alignment.said", "alignment.seen", "alignment.shares"} <= made.state_dict().keys()


def test_simpro_takes_no_alignment_beside_its_own_correction():
    with pytest.raises(ValueError, match="alignment"):
        simpro(alignment="estimated")
