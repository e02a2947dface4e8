import math

import pytest
import torch

from nevus.algorithms.pseudo_labels import PseudoLabels, PseudoLabelsOptions
from nevus.contracts import Batch, Task

TASK = Task(("a", "b"), (1, 1), 4, 9)
# What the network of the round before says of four images: 0.9 and 0.6 for the first class, twice 0.8 for the second.
SEEN = torch.tensor([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.2, 0.8]]).log()
LABELED, TARGETS = torch.zeros(2, 2), torch.tensor([0, 1])


def algorithm(**changes) -> PseudoLabels:
    """Steps 0 to 4 are the first round, 5 to 8 the second; logits stand for images."""
    options = {"name": "pseudo_labels", "rounds": 1, "confidence": 0.7, "soft": False, "balanced": False, "weight": 0.5}
    made = PseudoLabels(PseudoLabelsOptions(**{**options, **changes}), TASK)
    made.taken = []
    made.snapshot, made.take_snapshot = (lambda images: images), (lambda: made.taken.append(True))
    return made


def step(made: PseudoLabels, number: int, strong: torch.Tensor | None = None):
    batch = Batch(LABELED, TARGETS, SEEN, torch.zeros(4, 2) if strong is None else strong, metadata={"step": number})
    return made(lambda images: images, batch)


def test_the_first_round_is_the_labelled_images_alone():
    made = algorithm()
    output = step(made, 4)
    assert output.loss.item() == pytest.approx(math.log(2))
    assert (output.scalars["unlabeled_loss"].item(), output.scalars["pseudo_labels"].item()) == (0, 0)
    assert made.taken == []


def test_believed_labels_cost_their_surprise_over_all_unlabelled_images():
    strong = torch.tensor([[2.0, 0.0], [0.0, 5.0], [0.0, 1.0], [3.0, 0.0]])
    output = step(algorithm(), 6, strong)
    surprise = -strong.log_softmax(dim=1)
    expected = (surprise[0, 0] + surprise[2, 1] + surprise[3, 1]) / 4  # 0.6 is not believed
    assert output.scalars["unlabeled_loss"].item() == pytest.approx(expected.item())
    assert output.loss.item() == pytest.approx(math.log(2) + 0.5 * expected.item())
    assert output.scalars["pseudo_labels"].item() == pytest.approx(3 / 4)


def test_without_a_threshold_all_are_believed_and_soft_labels_are_the_probabilities():
    strong = torch.tensor([[2.0, 0.0]] * 4)
    output = step(algorithm(confidence=0.0, soft=True), 6, strong)
    expected = -(SEEN.exp() * strong.log_softmax(dim=1)).sum(dim=1).mean()
    assert output.scalars["unlabeled_loss"].item() == pytest.approx(expected.item())
    assert output.scalars["pseudo_labels"].item() == 1


def test_balanced_classes_weigh_the_same_whatever_they_were_given():
    output = step(algorithm(balanced=True), 6)  # one label of the first class, two of the second: weights 3/2 and 3/4
    assert output.scalars["unlabeled_loss"].item() == pytest.approx(math.log(2) * (1.5 + 0.75 + 0.75) / 4)


def test_a_round_starts_with_a_new_snapshot_and_counts_anew():
    made = algorithm(rounds=2)  # rounds of three steps
    for number in (3, 4, 5, 6):
        step(made, number)
    assert made.taken == [True, True]
    assert made.given.tolist() == [1, 2]
    assert "given" in made.state_dict()


def test_no_gradient_reaches_what_labels():
    strong = torch.zeros(4, 2, requires_grad=True)
    output = step(algorithm(), 6, strong)
    output.loss.backward()
    assert strong.grad is not None
    assert not any(value.requires_grad for value in output.scalars.values())


@pytest.mark.parametrize(("name", "value"), [("confidence", 1.1), ("confidence", -0.1), ("rounds", 0), ("weight", -1)])
def test_values_out_of_range_are_refused(name, value):
    with pytest.raises(ValueError, match=name):
        algorithm(**{name: value})
