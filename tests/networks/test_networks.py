import pytest
import torch

from nevus.contracts import NevusError
from nevus.networks.build import build
from nevus.networks.gan_options import DcganOptions

NOTHING = {"normalisation": "none", "resize": None, "colour": "none", "gamma": 1.0}


def options(**changes):
    base = {"kind": "residual", "width": 8, "depth": 3, "blocks": 1, "norm": "weight", "dropout": 0.0}
    return {**base, **NOTHING, **changes}


def generator_options(**changes):
    base = {"kind": "dcgan", "latent": 5, "width": 4, "depth": 3, "upsample": "transposed"}
    return DcganOptions.model_validate({**base, "conditional": False, "resize": None, **changes})


@pytest.mark.parametrize("size", [32, 64])
@pytest.mark.parametrize("kind", ["plain", "residual"])
@pytest.mark.parametrize("norm", ["none", "weight", "spectral"])
def test_discriminators_give_logits_for_every_choice(size, kind, norm):
    network = build(options(kind=kind, norm=norm), classes=2, size=size)
    images = torch.randn(4, 3, size, size)
    assert network.forward_features(images).shape == (4, network.feature_count) == (4, 8 * 2**2)
    assert network(images).shape == (4, 2)


def test_features_and_logits_come_from_one_pass_also_behind_a_wrapper():
    network = build(options(), classes=2, size=32).eval()
    images = torch.randn(4, 3, 32, 32)
    wrapped = torch.optim.swa_utils.AveragedModel(network)
    for model in (network, wrapped):
        features, logits = model(images, return_features=True)
        assert torch.equal(features, network.forward_features(images))
        assert torch.equal(logits, network.forward_head(features))
        assert torch.equal(logits, model(images))


def test_more_blocks_and_stages_make_more_weights():
    def count(**changes):
        return sum(p.numel() for p in build(options(**changes), classes=2, size=32).parameters())

    assert count() < count(blocks=2)
    assert count() < count(depth=4)
    assert count() < count(width=16)


def test_weight_norm_makes_the_output_blind_to_the_scale_of_the_directions():
    network = build(options(norm="weight"), classes=2, size=32).eval()
    images = torch.randn(2, 3, 32, 32)
    before = network(images)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith("weight.original1"):
                parameter.mul_(3.0)
    torch.testing.assert_close(network(images), before, rtol=1e-3, atol=1e-4)


def test_spectral_norm_bounds_the_largest_singular_value():
    network = build(options(norm="spectral"), classes=2, size=32).train()
    for _ in range(50):
        network(torch.randn(1, 3, 32, 32))
    assert torch.linalg.svdvals(network.head.weight.detach())[0].item() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(("size", "depth"), [(32, 3), (64, 3), (64, 4), (32, 2)])
def test_generators_reach_the_asked_size_within_the_range_of_tanh(size, depth):
    generator = build(generator_options(depth=depth), classes=2, size=size)
    images = generator(torch.randn(3, 5))
    assert images.shape == (3, 3, size, size)
    assert images.abs().max() <= 1


def test_impossible_sizes_are_refused_with_the_parameter_to_change():
    with pytest.raises(NevusError, match=r"ssgan\.generator\.depth"):
        build(generator_options(depth=4), classes=2, size=40)
    with pytest.raises(NevusError, match=r"classifier\.network\.depth"):
        build(options(depth=6), classes=2, size=32)
    with pytest.raises(NevusError, match=r"classifier\.network\.resize"):
        build(options(depth=4, resize=16), classes=2, size=64)


def test_an_unknown_kind_is_refused_with_the_known_ones():
    with pytest.raises(NevusError, match=r"'capsule'.*residual, plain, preactivation, .*dcgan"):
        build({"kind": "capsule"}, classes=2, size=32)
