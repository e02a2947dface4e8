from pathlib import Path

import pytest
import torch
import yaml
from pydantic import TypeAdapter

from nevus.augment.adaptive import AdaptiveAugment
from nevus.augment.options import AdaptiveOptions, GanPolicy
from nevus.augment.policy import Augment

PAPER = {"start": 0.0, "target": 0.6, "every": 256, "climb": 500_000, "limit": 0.8}
SURE, LOST = torch.tensor(1.0), torch.tensor(-1.0)


def policy(name):
    file = Path(__file__).resolve().parents[2] / "conf" / "base" / "parameters" / "policies.yml"
    return TypeAdapter(GanPolicy).validate_python(yaml.safe_load(file.read_text())["policies"][name])


def adaptive(name="adaptive", **changes):
    return AdaptiveAugment(policy(name), AdaptiveOptions.model_validate({**PAPER, **changes}))


def images(n=16, size=24):
    torch.manual_seed(0)
    return torch.rand(n, 3, size, size) * 2 - 1


def share_changed(augment, n=600):
    torch.manual_seed(0)
    seen = images(1).repeat(n, 1, 1, 1)
    return ((augment(seen) - seen).abs().amax(dim=(1, 2, 3)) > 1e-3).float().mean().item()


@pytest.mark.parametrize("name", ["diffaugment", "adaptive"])
def test_gradients_flow_through_the_policies_of_the_papers(name):
    torch.manual_seed(0)
    seen = images().requires_grad_()
    Augment(policy(name))(seen).square().sum().backward()
    assert torch.isfinite(seen.grad).all()
    assert (seen.grad.abs().sum(dim=(1, 2, 3)) > 0).all()


def test_a_probability_of_zero_changes_nothing():
    seen = images()
    assert adaptive()(seen) is seen


def test_the_probability_is_that_of_every_operation():
    half = adaptive(start=0.5)
    assert share_changed(AdaptiveAugment(half.operations[1:2], half.options)) == pytest.approx(0.5, abs=0.06)
    assert share_changed(half) > 0.9  # eight operations, each in half of the images


def test_an_operation_keeps_its_own_probability_as_a_factor():
    (shift,) = (one.model_copy(update={"probability": 0.5}) for one in policy("adaptive")[1:2])
    options = AdaptiveOptions.model_validate({**PAPER, "start": 0.5})
    assert share_changed(AdaptiveAugment([shift], options)) == pytest.approx(0.25, abs=0.06)


@pytest.mark.parametrize(("sign", "way"), [(0.9, 1), (0.5, -1), (-1.0, -1)])
def test_it_moves_towards_the_target_by_the_share_of_the_climb(sign, way):
    augment = adaptive(start=0.4)
    augment.observe(torch.tensor(sign), 256)
    assert augment.probability == pytest.approx(0.4 + way * 256 / 500_000)


def test_it_moves_every_so_many_images_by_their_mean_sign():
    augment = adaptive(start=0.4)
    for _ in range(3):
        augment.observe(SURE, 64)
    assert augment.probability == 0.4
    augment.observe(LOST, 64)  # the mean is then 0.5
    assert augment.probability < 0.4


def test_it_climbs_from_nothing_to_its_limit_and_never_below_zero():
    augment = adaptive(climb=1024, every=256)
    augment.observe(LOST, 256)
    assert augment.probability == 0
    course = []
    for _ in range(5):
        augment.observe(SURE, 256)
        course.append(augment.probability)
    assert course == [0.25, 0.5, 0.75, 0.8, 0.8]


def test_it_goes_on_where_it_stopped():
    whole, first = adaptive(climb=2048), adaptive(climb=2048)
    signs = torch.rand(30, generator=torch.Generator().manual_seed(1))
    for sign in signs:
        whole.observe(sign, 100)
    for sign in signs[:17]:
        first.observe(sign, 100)
    second = adaptive(climb=2048)
    second.load_state_dict(first.state_dict())
    for sign in signs[17:]:
        second.observe(sign, 100)
    assert second.probability == whole.probability
    torch.manual_seed(5)
    one = whole(images())
    torch.manual_seed(5)
    assert torch.equal(second(images()), one)
