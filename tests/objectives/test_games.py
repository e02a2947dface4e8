import math

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from nevus.contracts import GanBatch, Task, TrainingError
from nevus.lookup import find, names
from nevus.objectives._regularisers import gradient_penalty

OBJECTIVES = "nevus.objectives"
GAMES = ("minimax", "non_saturating", "hinge", "wasserstein", "least_squares", "relativistic")
TERMS = ("r1", "r2", "gradient_penalty", "consistency")
TASK = Task(("a", "b"), (1, 1), 10, 10)
each_game = pytest.mark.parametrize("name", GAMES)


def game(name, **weights):
    """A game with weights, or pairs of weight and interval, of its regularisers; Wasserstein must have its penalty."""
    weights = ({"gradient_penalty": 1e-12} if name == "wasserstein" else {}) | weights
    pairs = {term: weights.get(term, 0) for term in TERMS}
    pairs = {term: pair if isinstance(pair, tuple) else (pair, 1) for term, pair in pairs.items()}
    kind = find(OBJECTIVES, name)
    terms = {term: {"weight": weight, "every": every} for term, (weight, every) in pairs.items()}
    return kind(kind.Options.model_validate({"name": name, "regularisers": terms}), TASK)


class Linear(nn.Module):
    """Scores are a weighted sum of the pixels; they are asked for as the adversarial learner does."""

    def __init__(self, weights, bias=0.0):
        super().__init__()
        self.weights, self.bias = nn.Parameter(weights), nn.Parameter(torch.tensor(bias))
        self.calls = []

    def forward(self, images, labels=None, keep_statistics=True):
        self.calls.append((len(images), None if labels is None else labels.tolist(), keep_statistics))
        return (images * self.weights).sum(dim=(1, 2, 3)).unsqueeze(1) + self.bias


def critic(scale=1.0):
    torch.manual_seed(0)
    return Linear(scale * torch.randn(3, 2, 2))


def batch(n=4, **more):
    torch.manual_seed(1)
    return GanBatch(torch.randn(n, 3, 2, 2), torch.randn(n, 3, 2, 2), torch.zeros(n, 1), **more)


def test_every_game_is_found_by_its_name():
    assert set(GAMES) | {"semi_supervised"} == set(names(OBJECTIVES))


@pytest.mark.parametrize(
    ("name", "discriminator", "generator"),
    [
        ("minimax", 2 * math.log(2), -math.log(2)),
        ("non_saturating", 2 * math.log(2), math.log(2)),
        ("hinge", 2.0, 0.0),
        ("wasserstein", 0.0, 0.0),
        ("least_squares", 0.5, 0.5),
        ("relativistic", math.log(2), math.log(2)),
    ],
)
def test_losses_of_a_discriminator_that_scores_everything_zero(name, discriminator, generator):
    made, zero = game(name), critic(scale=0.0)
    assert made.discriminator_loss(None, zero, batch()).loss.item() == pytest.approx(discriminator, abs=1e-6)
    assert made.generator_loss(None, zero, batch()).loss.item() == pytest.approx(generator, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("minimax", math.log1p(math.exp(-2)) + math.log1p(math.exp(-1))),
        ("non_saturating", math.log1p(math.exp(-2)) + math.log1p(math.exp(-1))),
        ("hinge", 0.0),
        ("wasserstein", -3.0),
        ("least_squares", 1.0),
        ("relativistic", math.log1p(math.exp(-3))),
    ],
)
def test_losses_at_scores_of_two_and_minus_one(name, expected):
    found = game(name).discriminator_cost(torch.full((3,), 2.0), torch.full((3,), -1.0))
    assert found.item() == pytest.approx(expected, abs=1e-6)


@each_game
def test_the_discriminator_raises_real_scores_and_lowers_generated_ones(name):
    real, fake = torch.zeros(4, requires_grad=True), torch.zeros(4, requires_grad=True)
    game(name).discriminator_cost(real, fake).backward()
    assert (real.grad < 0).all()
    assert (fake.grad > 0).all() or name == "least_squares"  # 0 is what it wants there


@each_game
def test_the_generator_raises_the_scores_of_its_images(name):
    seen = batch()
    fake = seen.fake.clone().requires_grad_()
    network = critic()
    if name == "least_squares":  # scores above 1 are to come down again
        network.bias.data.fill_(-100.0)
    game(name).generator_loss(None, network, seen._replace(fake=fake)).loss.backward()
    assert ((fake.grad * network.weights.detach()).sum(dim=(1, 2, 3)) < 0).all()


@pytest.mark.parametrize("name", ["minimax", "non_saturating"])
def test_only_the_non_saturating_generator_learns_from_images_that_are_told_apart(name):
    fake = torch.full((1,), -20.0, requires_grad=True)
    game(name).generator_cost(fake).backward()
    assert abs(fake.grad.item()) == pytest.approx(1.0 if name == "non_saturating" else 0.0, abs=1e-6)


@each_game
def test_huge_scores_stay_finite(name):
    network = critic(scale=1e6)
    assert torch.isfinite(game(name).discriminator_loss(None, network, batch()).loss)
    assert torch.isfinite(game(name).generator_loss(None, network, batch()).loss)


@each_game
def test_labels_are_handed_to_the_discriminator_with_their_images(name):
    network, labels = critic(), torch.tensor([0, 1, 1, 0])
    made = game(name, gradient_penalty=1.0, consistency=1.0)
    seen = batch(labels=labels)._replace(strong=batch().real, strong_fake=batch().fake)
    made.discriminator_loss(None, network, seen)
    made.generator_loss(None, network, seen)
    assert {tuple(asked) for _, asked, _ in network.calls} == {(0, 1, 1, 0)}


@each_game
def test_statistics_are_kept_of_real_images_in_the_discriminators_turn_alone(name):
    network = critic()
    game(name).discriminator_loss(None, network, batch())
    assert [kept for _, _, kept in network.calls][:2] == [True, False]
    network.calls.clear()
    game(name).generator_loss(None, network, batch())
    assert not any(kept for _, _, kept in network.calls)


@each_game
def test_a_discriminator_of_several_scores_is_refused(name):
    with pytest.raises(TrainingError, match="one score an image"):
        game(name).discriminator_loss(None, lambda images, **_: torch.zeros(len(images), 2), batch())


def test_r1_and_r2_are_half_the_squared_slope_of_a_linear_critic():
    network, seen = critic(), batch()
    slope = network.weights.square().sum().item()
    without = game("relativistic").discriminator_loss(None, network, seen).loss.item()
    for term in ("r1", "r2"):
        output = game("relativistic", **{term: 6.0}).discriminator_loss(None, network, seen)
        assert output.loss.item() - without == pytest.approx(6 / 2 * slope, rel=1e-4)
        assert output.scalars[term].item() == pytest.approx(slope, rel=1e-4)
        output.loss.backward()
    both = game("relativistic", r1=6.0, r2=6.0).discriminator_loss(None, network, seen).loss.item()
    assert both - without == pytest.approx(6 * slope, rel=1e-4)


def test_the_gradient_of_r1_reaches_the_weights():
    network = critic()
    alone = game("wasserstein", r1=2.0)  # the weights' gradient of the game itself is known
    seen = batch()
    alone.discriminator_loss(None, network, seen).loss.backward()
    expected = seen.fake.mean(dim=0) - seen.real.mean(dim=0) + 2 * network.weights.detach()
    torch.testing.assert_close(network.weights.grad, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("length", [0.0, 1.0, 3.0])
def test_the_gradient_penalty_of_a_linear_critic_is_its_distance_from_slope_one(length):
    weights = torch.randn(3, 2, 2, generator=torch.Generator().manual_seed(0))
    network = Linear(length * weights / weights.norm())
    penalty = gradient_penalty(network, batch().real, batch().fake, None)
    assert penalty.item() == pytest.approx((length - 1) ** 2, abs=1e-5)
    penalty.backward()
    assert torch.isfinite(network.weights.grad).all()


def test_the_gradient_penalty_of_a_curved_critic_agrees_with_finite_differences():
    torch.manual_seed(3)
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.Tanh(), nn.Linear(5, 1)).double()
    seen = batch(n=2)
    real, fake = seen.real.double(), seen.fake.double()

    def called(images, **_):
        return network(images)

    torch.manual_seed(7)
    found = gradient_penalty(called, real, fake, None).item()
    torch.manual_seed(7)
    between = torch.lerp(fake, real, torch.rand(2, 1, 1, 1, dtype=torch.float64)).flatten(1)
    steps = 1e-5 * torch.eye(12, dtype=torch.float64)
    slopes = [(network(between + step) - network(between - step)) / 2e-5 for step in steps]
    expected = (torch.cat(slopes, dim=1).norm(dim=1) - 1).square().mean().item()
    assert found == pytest.approx(expected, rel=1e-5)


def test_consistency_is_the_squared_difference_of_scores_of_both_kinds():
    network, seen = critic(), batch()
    made = game("hinge", consistency=10.0)
    assert made.views == ("strong", "strong_fake")
    assert game("hinge").views == ()
    same = seen._replace(strong=seen.real, strong_fake=seen.fake)
    assert made.discriminator_loss(None, network, same).scalars["inconsistency"].item() == 0
    total = network.weights.sum().item()
    other = seen._replace(strong=seen.real + 0.1, strong_fake=seen.fake - 0.2)
    found = made.discriminator_loss(None, network, other)
    assert found.scalars["inconsistency"].item() == pytest.approx((0.1**2 + 0.2**2) * total**2, rel=1e-3)
    plain = game("hinge").discriminator_loss(None, network, other).loss.item()
    assert found.loss.item() - plain == pytest.approx(10 * (0.1**2 + 0.2**2) * total**2, rel=1e-3)


def test_a_lazy_term_counts_as_much_over_an_interval_as_one_of_every_update():
    network = critic()
    lazy, always, without = (game("hinge", r1=pair) for pair in ((3.0, 4), (3.0, 1), (0.0, 1)))

    def over_eight(made):
        outputs = [made.discriminator_loss(None, network, batch(step=step)) for step in range(8)]
        return sum(output.loss.item() for output in outputs), [step for step in range(8) if "r1" in outputs[step][1]]

    (lazily, when), (steadily, _), (none, never) = map(over_eight, (lazy, always, without))
    assert lazily == pytest.approx(steadily, rel=1e-5)
    assert lazily > none
    assert when == [0, 4]
    assert never == []


@pytest.mark.parametrize(
    ("name", "real", "fake", "sign"),
    [
        ("hinge", 0.2, 5.0, 1.0),
        ("least_squares", 0.2, 0.0, -1.0),
        ("least_squares", 0.8, 0.0, 1.0),
        ("wasserstein", 0.2, 5.0, -1.0),
        ("relativistic", 0.2, 0.1, 1.0),
    ],
)
def test_the_sign_says_whether_real_images_are_taken_for_real(name, real, fake, sign):
    margin = game(name).margin(torch.tensor([real]), torch.tensor([fake]))
    assert margin.sign().item() == sign


def test_a_wasserstein_critic_needs_its_penalty():
    with pytest.raises(ValidationError, match=r"gradient_penalty\.weight above 0"):
        game("wasserstein", gradient_penalty=0.0)
