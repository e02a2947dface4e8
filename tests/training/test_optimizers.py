import math

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from nevus.contracts import TrainingError
from nevus.training.groups import exempt_names, layer_of, parameter_groups
from nevus.training.optimizers import ScheduledOptimizer
from nevus.training.schedules import factor
from tests.training.fakes import network, optimizer


def small() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))


def loss_of(model: nn.Module, step: int) -> torch.Tensor:
    images = torch.randn(6, 3, generator=torch.Generator().manual_seed(step))
    return model(images).square().mean()


def rates(steps: int, **changes) -> list[float]:
    weight = nn.Parameter(torch.ones(1))
    scheduled = ScheduledOptimizer([("weight", weight)], optimizer(learning_rate=0.5, **changes), steps=steps)
    seen = []
    for _ in range(steps):
        seen.append(scheduled.learning_rate)
        scheduled.update(weight.square().sum())
    return seen


@pytest.mark.parametrize("schedule", ["constant", "one_cycle"])
def test_adamw_changes_the_weights_as_pytorchs_own_bit_for_bit(schedule):
    model, reference = small(), small()
    options = optimizer(schedule=schedule)
    scheduled = ScheduledOptimizer(model, options, steps=20)
    adam = torch.optim.AdamW(reference.parameters(), lr=2e-3, betas=(0.5, 0.99), weight_decay=0.01, fused=True)
    kind = torch.optim.lr_scheduler.OneCycleLR
    cycle = kind(adam, 2e-3, total_steps=21, pct_start=0.25, cycle_momentum=False) if schedule == "one_cycle" else None
    for step in range(20):
        scheduled.update(loss_of(model, step))
        adam.zero_grad()
        loss_of(reference, step).backward()
        adam.step()
        if cycle:
            cycle.step()
        assert all(torch.equal(a, b) for a, b in zip(model.parameters(), reference.parameters(), strict=True))


@pytest.mark.parametrize(
    ("changes", "update"),
    [
        # Weight 1, gradient 2: plain descent, with decay 0.1 added to the gradient.
        ({"name": "sgd", "momentum": 0.0, "nesterov": False}, 0.5 * (2 + 0.1)),
        # Nesterov's first step looks ahead: gradient + momentum * gradient.
        ({"name": "sgd", "momentum": 0.9, "nesterov": True}, 0.5 * (2 + 0.1) * 1.9),
        # Adam's first step has the length of the learning rate, whatever the gradient; decay is part of the gradient.
        ({"name": "adam"}, 0.5),
        # AdamW's decay is apart from it.
        ({"name": "adamw"}, 0.5 + 0.5 * 0.1),
    ],
)
def test_the_first_step_of_each_optimizer(changes, update):
    weight = nn.Parameter(torch.ones(1))
    options = optimizer(learning_rate=0.5, weight_decay=0.1, schedule="constant", **changes)
    ScheduledOptimizer([("weight", weight)], options, steps=1).update(weight.square().sum())
    assert weight.item() == pytest.approx(1 - update, abs=1e-6)


def test_cosine_falls_from_the_whole_rate_to_almost_nothing():
    seen = rates(100, schedule="cosine")
    assert seen[0] == 0.5
    assert seen[50] == pytest.approx(0.25)
    assert seen[25] == pytest.approx(0.25 * (1 + math.cos(math.pi / 4)))
    assert 0 < seen[99] < 0.001


def test_step_falls_at_its_milestones():
    seen = rates(10, schedule="step", milestones=(0.5, 0.8), milestone_factor=0.1)
    assert seen == pytest.approx([0.5] * 5 + [0.05] * 3 + [0.005] * 2)


def test_one_cycle_is_highest_where_its_warmup_ends():
    for warmup, peak in ((None, 0.25), (0.5, 0.5)):
        seen = rates(99, schedule="one_cycle", warmup=warmup)
        assert seen.index(max(seen)) == round(peak * 100) - 1
        assert max(seen) == pytest.approx(0.5)
        assert seen[-1] < 0.001


@pytest.mark.parametrize("steps", range(1, 12))
@pytest.mark.parametrize("schedule", ["constant", "one_cycle", "cosine", "step"])
@pytest.mark.parametrize("warmup", [None, 0.0, 0.25, 0.5])
def test_every_schedule_can_be_followed_however_short_the_training(schedule, steps, warmup):
    seen = rates(steps, schedule=schedule, warmup=warmup)
    assert all(0 < rate <= 0.5 for rate in seen)


@pytest.mark.parametrize("schedule", ["constant", "cosine", "step"])
def test_the_rate_rises_in_equal_parts_and_never_starts_at_nothing(schedule):
    seen = rates(20, schedule=schedule, warmup=0.2, milestones=(0.9,))
    assert seen[:5] == pytest.approx([0.125, 0.25, 0.375, 0.5, 0.5])


def test_a_warmup_takes_the_place_of_the_first_part_of_the_schedule():
    options = optimizer(schedule="cosine", warmup=0.2)
    assert factor(options, step=20, steps=100) == 1.0
    assert factor(options, step=60, steps=100) == pytest.approx(0.5)


def test_all_parameters_form_one_group_where_nothing_parts_them():
    model = network()
    groups = parameter_groups(list(model.named_parameters()), optimizer())
    assert [group["lr"] for group in groups] == [2e-3]
    assert all(a is b for a, b in zip(groups[0]["params"], model.parameters(), strict=True))


def test_norms_biases_and_exempt_parameters_can_be_kept_from_decaying():
    model = small()
    options = optimizer(decay_norms_and_biases=False)
    groups = parameter_groups(list(model.named_parameters()), options, exempt={"3.weight"})
    by_decay = {group["weight_decay"]: {id(parameter) for parameter in group["params"]} for group in groups}
    assert by_decay.keys() == {0.01, 0.0}
    assert by_decay[0.01] == {id(model[0].weight)}


def test_a_network_names_its_exempt_parameters_wherever_it_is_wrapped():
    class Tokens(nn.Linear):
        def no_weight_decay(self):
            return {"weight"}

    assert exempt_names(nn.Sequential(nn.ReLU(), Tokens(1, 1))) == {"1.weight"}
    assert exempt_names(Tokens(1, 1)) == {"weight"}


def test_layers_learn_slower_the_further_they_are_from_the_output():
    model = small()
    scheduled = ScheduledOptimizer(model, optimizer(layer_decay=0.5, schedule="constant"), steps=4)
    found = {id(p): group["lr"] for group in scheduled.optimizer.param_groups for p in group["params"]}
    assert [found[id(model[n].weight)] for n in (0, 1, 3)] == pytest.approx([5e-4, 1e-3, 2e-3])
    assert scheduled.learning_rate == 2e-3
    cycle = ScheduledOptimizer(model, optimizer(layer_decay=0.5), steps=100)
    tops = torch.zeros(3)
    for step in range(100):
        tops = torch.maximum(tops, torch.tensor([group["lr"] for group in cycle.optimizer.param_groups]))
        cycle.update(loss_of(model, step))
    assert tops.tolist() == pytest.approx([5e-4, 1e-3, 2e-3], rel=1e-3)


def test_a_layer_is_a_numbered_block_or_a_module_without_a_number():
    names = ["stages.0.parametrizations.weight.original0", "stages.12.conv1.bias", "head.parametrizations.weight.a"]
    assert [layer_of(name) for name in names] == ["stages.0", "stages.12", "head"]
    assert [layer_of(name) for name in ["backbone.blocks.3.attn.qkv.weight", "norm.weight", "token"]] == [
        "backbone.blocks.3",
        "norm",
        "",
    ]


def test_gradients_are_shortened_to_the_norm_asked_for():
    weight = nn.Parameter(torch.tensor([3.0, 4.0]))  # the gradient of half the square is the weight itself: length 5
    options = optimizer(
        name="sgd", learning_rate=1.0, weight_decay=0, momentum=0, nesterov=False, clip_norm=1.0, schedule="constant"
    )
    scheduled = ScheduledOptimizer([("weight", weight)], options, steps=2)
    scheduled.update(weight.square().sum() / 2)
    torch.testing.assert_close(weight.detach(), torch.tensor([3.0 - 0.6, 4.0 - 0.8]))
    with torch.no_grad():
        weight.copy_(torch.tensor([0.3, 0.4]))
    scheduled.update(weight.square().sum() / 2)  # shorter already
    torch.testing.assert_close(weight.detach(), torch.zeros(2))


def test_what_is_frozen_stays_and_the_rest_moves():
    model = network()
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    scheduled = ScheduledOptimizer(model, optimizer(frozen=["stages"], weight_decay=1.0), steps=5)
    for _ in range(5):
        scheduled.update(model(torch.ones(2, 3, 16, 16)).square().mean())
    moved = {name for name, parameter in model.named_parameters() if not torch.equal(parameter, before[name])}
    assert moved == {name for name in before if name.startswith("head.")}


@pytest.mark.parametrize("frozen", [["0"], ["0.1"], []])
def test_frozen_batch_normalisations_keep_their_statistics_and_others_follow_the_images(frozen):
    model = nn.Sequential(
        nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(64, 2)
    )
    scheduled = ScheduledOptimizer(model, optimizer(frozen=frozen), steps=3)
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    alone = model[0](torch.ones(1, 3, 4, 4) * 5)
    beside = model[0](torch.cat([torch.ones(1, 3, 4, 4) * 5, torch.zeros(3, 3, 4, 4)]))[:1]
    for _ in range(3):
        scheduled.update(model(torch.randn(8, 3, 4, 4) + 5).square().mean())
    moved = {name.rpartition(".")[0] for name, buffer in model.named_buffers() if not torch.equal(buffer, before[name])}
    assert moved == ({"1"} if frozen else {"0.1", "1"})
    assert torch.allclose(alone, beside) == bool(frozen)  # frozen: no image depends on those beside it


def test_what_is_frozen_trains_too_once_its_share_of_the_steps_is_done():
    model = nn.Sequential(
        nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(64, 2)
    )
    scheduled = ScheduledOptimizer(model, optimizer(frozen=["0"], unfreeze=0.5), steps=6)
    moves = []
    for _ in range(6):
        before = {name: value.clone() for name, value in model.state_dict().items() if value.is_floating_point()}
        scheduled.update(model(torch.randn(8, 3, 4, 4) + 5).square().mean())
        moves.append({name for name, value in before.items() if not torch.equal(value, model.state_dict()[name])})
    held = {f"0.{name}" for name in ("0.weight", "0.bias", "1.weight", "1.running_mean", "1.running_var", "1.bias")}
    assert not any(held & moved for moved in moves[:3])
    assert all({"0.0.weight", "0.1.weight", "0.1.running_mean", "0.1.running_var"} <= moved for moved in moves[3:])
    assert all({"1.weight", "1.running_mean", "3.weight"} <= moved for moved in moves)


def test_what_is_frozen_for_a_time_learns_by_the_rate_of_its_layer():
    model = network()
    scheduled = ScheduledOptimizer(model, optimizer(frozen=["stages.0"], unfreeze=0.5, layer_decay=0.5), steps=4)
    rate_of = {id(one): group["lr"] for group in scheduled.optimizer.param_groups for one in group["params"]}
    named = dict(model.named_parameters())
    assert len(rate_of) == len(named)
    first, head = (next(one for name, one in named.items() if name.startswith(part)) for part in ("stages.0.", "head."))
    layers = len({layer_of(name) for name in named if name.startswith("stages.")})
    assert rate_of[id(first)] == pytest.approx(rate_of[id(head)] * 0.5**layers)


def test_the_head_may_learn_faster():
    model = network()
    groups = parameter_groups(list(model.named_parameters()), optimizer(learning_rate=0.01, head_factor=3.0))
    rate_of = {id(parameter): group["lr"] for group in groups for parameter in group["params"]}
    rates = {name: rate_of[id(parameter)] for name, parameter in model.named_parameters()}
    assert {rate for name, rate in rates.items() if name.startswith("head.")} == {0.03}
    assert {rate for name, rate in rates.items() if not name.startswith("head.")} == {0.01}


def test_what_trains_beside_the_network_decays_as_it_does_and_its_head_learns_as_fast():
    beside = nn.ModuleDict({"projector": nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)), "head": nn.Linear(4, 2)})
    options = optimizer(
        learning_rate=0.01, weight_decay=0.1, decay_norms_and_biases=False, head_factor=3.0, layer_decay=0.5,
        schedule="constant", frozen=["0"],
    )  # fmt: skip
    groups = ScheduledOptimizer(small(), options, steps=1, beside=beside).optimizer.param_groups
    found = {id(one): (group["lr"], group["weight_decay"]) for group in groups for one in group["params"]}
    assert {name: found[id(one)] for name, one in beside.named_parameters()} == {
        "projector.0.weight": (0.01, 0.1),
        "projector.0.bias": (0.01, 0.0),
        "projector.1.weight": (0.01, 0.0),
        "projector.1.bias": (0.01, 0.0),
        "head.weight": (pytest.approx(0.03), 0.1),
        "head.bias": (pytest.approx(0.03), 0.0),
    }
    same = ScheduledOptimizer(small(), optimizer(weight_decay=0.1), steps=1, beside=beside).optimizer.param_groups
    assert {group["weight_decay"] for group in same} == {0.1}
    assert len(ScheduledOptimizer(small(), optimizer(), steps=1, beside=nn.Module()).optimizer.param_groups) == 1


def test_freezing_block_1_leaves_block_10():
    model = nn.Sequential(*[nn.Linear(1, 1) for _ in range(11)])
    ScheduledOptimizer(model, optimizer(frozen=["1"]), steps=1)
    assert not model[1].weight.requires_grad
    assert model[10].weight.requires_grad


def test_freezing_nothing_that_exists_or_everything_is_refused():
    with pytest.raises(
        TrainingError, match=r"names 'backbone', but no parameter is called so. The layers are: 0, 1, 3"
    ):
        ScheduledOptimizer(small(), optimizer(frozen=["backbone"]), steps=1)
    with pytest.raises(TrainingError, match="no parameter of the network trains"):
        ScheduledOptimizer(small(), optimizer(frozen=["0", "1", "3"]), steps=1)


def test_momentum_is_asked_for_where_nesterov_needs_it():
    with pytest.raises(ValidationError, match="nesterov needs a momentum above 0"):
        optimizer(name="sgd", momentum=0.0, nesterov=True)


@pytest.mark.parametrize("name", ["adamw", "adam", "sgd"])
@pytest.mark.parametrize("schedule", ["constant", "one_cycle", "cosine", "step"])
@pytest.mark.parametrize("frozen", [[], ["0"]])
def test_a_continued_optimizer_goes_on_to_the_same_bits(name, schedule, frozen):
    options = optimizer(
        name=name,
        schedule=schedule,
        layer_decay=0.7,
        decay_norms_and_biases=False,
        warmup=0.3,
        frozen=frozen,
        unfreeze=0.4 if frozen else None,
    )
    whole, halves = small(), small()
    first, second = (ScheduledOptimizer(model, options, steps=10) for model in (whole, halves))
    for step in range(10):
        first.update(loss_of(whole, step))
        second.update(loss_of(halves, step))
        state = second.state_dict()
        second = ScheduledOptimizer(halves, options, steps=10)
        second.load_state_dict(state)
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), halves.parameters(), strict=True))
