import pytest
import torch

from nevus.contracts import NevusError
from nevus.networks.discriminators import build_discriminator
from nevus.networks.generators import build_generator
from nevus.networks.options import DiscriminatorOptions, GeneratorOptions


def discriminator_options(**changes):
    base = {"architecture": "residual", "width": 8, "depth": 3, "blocks": 1, "norm": "weight", "dropout": 0.0}
    return DiscriminatorOptions.model_validate({**base, **changes})


@pytest.mark.parametrize("size", [32, 64])
@pytest.mark.parametrize("architecture", ["plain", "residual"])
@pytest.mark.parametrize("norm", ["none", "weight", "spectral"])
def test_discriminators_give_logits_for_every_choice(size, architecture, norm):
    network = build_discriminator(discriminator_options(architecture=architecture, norm=norm), classes=2, size=size)
    images = torch.randn(4, 3, size, size)
    features = network.forward_features(images)
    assert features.shape == (4, 8 * 2**2)
    assert network(images).shape == (4, 2)
    network.eval()
    torch.testing.assert_close(network.forward_head(network.forward_features(images)), network(images))


def test_more_blocks_and_stages_make_more_weights():
    def count(**changes):
        network = build_discriminator(discriminator_options(**changes), classes=2, size=32)
        return sum(p.numel() for p in network.parameters())

    assert count() < count(blocks=2)
    assert count() < count(depth=4)
    assert count() < count(width=16)


def test_weight_norm_makes_the_output_blind_to_the_scale_of_the_directions():
    network = build_discriminator(discriminator_options(norm="weight"), classes=2, size=32).eval()
    images = torch.randn(2, 3, 32, 32)
    before = network(images)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith("weight.original1"):
                parameter.mul_(3.0)
    torch.testing.assert_close(network(images), before, rtol=1e-3, atol=1e-4)


def test_spectral_norm_bounds_the_largest_singular_value():
    network = build_discriminator(discriminator_options(norm="spectral"), classes=2, size=32).train()
    for _ in range(50):
        network(torch.randn(1, 3, 32, 32))
    assert torch.linalg.svdvals(network.head.weight.detach())[0].item() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(("size", "depth"), [(32, 3), (64, 3), (64, 4), (32, 2)])
def test_generators_reach_the_asked_size_within_the_range_of_tanh(size, depth):
    generator = build_generator(GeneratorOptions(latent=5, width=4, depth=depth), size=size)
    images = generator(torch.randn(3, 5))
    assert images.shape == (3, 3, size, size)
    assert images.abs().max() <= 1


def test_impossible_sizes_are_refused_with_the_parameter_to_change():
    with pytest.raises(NevusError, match=r"ssgan\.generator\.depth"):
        build_generator(GeneratorOptions(latent=5, width=4, depth=4), size=40)
    with pytest.raises(NevusError, match=r"classifier\.network\.depth"):
        build_discriminator(discriminator_options(depth=6), classes=2, size=32)


def test_a_network_can_be_built_from_what_a_saved_model_carries():
    options = discriminator_options()
    first = build_discriminator(options, classes=2, size=32)
    second = build_discriminator(options.model_dump(mode="json"), classes=2, size=32)
    second.load_state_dict(first.state_dict())
