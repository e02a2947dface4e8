import pytest
import torch

from nevus.networks.build import build
from nevus.networks.cost import cost_in_a_game, cost_of
from tests.networks.presets import GAME, preset


@pytest.mark.parametrize(("size", "resize", "seen"), [(32, None, 32), (64, None, 64), (16, 48, 48)])
def test_parameters_and_operations_of_a_small_network_are_those_on_paper(size, resize, seen):
    network = build(preset("small_cnn", width=4, resize=resize), classes=2, size=size)
    features = 8 * (seen // 16) ** 2
    parameters = (3 * 9 + 1) * 4 + (4 * 9 + 1) * 8 + (features + 1) * 2
    multiplications = 3 * 9 * 4 * seen**2 + 4 * 9 * 8 * (seen // 4) ** 2 + features * 2
    assert cost_of(network, size) == (parameters, 2 * multiplications)


@pytest.mark.parametrize("name", ["residual", "deconvolution", "resnet18"])
def test_counting_changes_neither_weights_nor_statistics_nor_the_mode(name):
    network = build(preset(name, normalisation="feature"), classes=2, size=32)
    network.head.eval()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    modes = [part.training for part in network.modules()]
    state = torch.random.get_rng_state()
    assert cost_of(network, 32).flops > 0
    assert [part.training for part in network.modules()] == modes
    assert all(torch.equal(value, before[key]) or value.isnan().any() for key, value in network.state_dict().items())
    assert torch.equal(torch.random.get_rng_state(), state)


def test_resnet_18_costs_what_the_paper_says():
    network = build(preset("resnet18"), classes=1000, size=224)
    parameters, flops = cost_of(network, 224)
    assert parameters == 11_689_512
    assert flops / 2 == pytest.approx(1.8e9, rel=0.02)  # arXiv:1512.03385, table 1 counts multiplications


def test_generators_and_critics_cost_what_they_do_on_paper():
    changes = {"width": 4, "depth": 1, "conditional": False}
    generator = build({**GAME["generators"]["dcgan"], **changes, "latent": 5}, classes=2, size=8)
    parameters = 6 * 8 * 16 + 2 * (8 + 4) + 8 * 4 * 9 + (4 * 9 + 1) * 3
    multiplications = 5 * 8 * 16 + 8 * 4 * 9 * 64 + 4 * 3 * 9 * 64
    assert cost_in_a_game(generator, 8) == (parameters, 2 * multiplications)
    critic = build({**GAME["critics"]["dcgan"], **changes, "norm": "none"}, classes=2, size=8)
    assert cost_in_a_game(critic, 8) == ((3 * 16 + 1) * 4 + 4 * 16 + 1, 2 * (3 * 16 * 4 * 16 + 4 * 16))
