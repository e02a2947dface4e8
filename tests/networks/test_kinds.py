"""What every kind of classifier network does, whatever it is made of."""

import json

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from nevus.contracts import NevusError
from nevus.networks.build import build, describe, restore
from nevus.networks.options import Networks
from tests.networks.presets import PRESETS, preset

# Small enough for a test, and odd where a kind allows it.
SMALL = {
    "residual": {"width": 8},
    "preactivation": {"widths": [8, 12]},
    "wide_resnet": {"depth": 10, "width": 1},
    "small_cnn": {"width": 4},
    "deconvolution": {"width": 6, "dropout": 0.0},
}
VARIANTS = [
    *SMALL.items(),
    ("preactivation", {"widths": [8, 8, 16], "stem_stride": 1, "blocks": 2}),
    ("wide_resnet", {"depth": 16, "width": 1, "stem_stride": 2, "dropout": 0.3}),
    ("deconvolution", {"width": 4, "up": 0, "dropout": 0.0}),
    ("deconvolution", {"width": 4, "depth": 2, "up": 2}),
]


def named(variant):
    return variant if isinstance(variant, str) else "-".join(f"{key}{value}" for key, value in variant.items())


def test_every_network_of_the_configuration_is_what_its_kind_allows():
    assert Networks.model_validate(PRESETS).root.keys() == PRESETS.keys()


@pytest.mark.parametrize("size", [32, 45, 64])
@pytest.mark.parametrize(("name", "changes"), VARIANTS, ids=named)
def test_images_of_any_size_become_features_and_logits(name, changes, size):
    network = build(preset(name, **changes), classes=3, size=size)
    features, logits = network(torch.randn(4, 3, size, size), return_features=True)
    assert features.shape == (4, network.feature_count)
    assert logits.shape == (4, 3)


@pytest.mark.parametrize(("name", "changes"), VARIANTS, ids=named)
def test_images_are_enlarged_to_the_size_that_the_network_works_at(name, changes):
    network = build(preset(name, **changes, resize=48), classes=2, size=8).eval()
    images = torch.randn(2, 3, 8, 8)
    features = network.embed(network.input(images))
    assert network.input(images).shape == (2, 3, 48, 48)
    assert torch.equal(network.forward_head(features), network(images))


@pytest.mark.parametrize(("name", "changes"), VARIANTS, ids=named)
def test_the_gradient_reaches_every_parameter(name, changes):
    torch.manual_seed(0)
    network = build(preset(name, **changes), classes=3, size=32)
    nn.functional.cross_entropy(network(torch.randn(8, 3, 32, 32)), torch.arange(8) % 3).backward()
    still = [name for name, parameter in network.named_parameters() if not parameter.grad.abs().sum() > 0]
    assert still == []


@pytest.mark.parametrize(("name", "changes"), VARIANTS, ids=named)
def test_what_describes_a_network_builds_it_again(name, changes):
    options = preset(name, **changes)
    network = build(options, classes=3, size=32)
    network(torch.randn(8, 3, 32, 32))  # running statistics that are not those of the start
    spec = json.loads(json.dumps(describe(options, classes=["a", "b", "c"], size=32, average_d4=False)))
    images = torch.randn(2, 3, 32, 32)
    assert torch.equal(restore(spec, dict(network.state_dict()))(images), network.eval()(images))


@pytest.mark.parametrize(
    ("name", "changes", "needed"),
    [
        ("residual", {"depth": 4}, 32),
        ("preactivation", {}, 16),
        ("preactivation", {"widths": [8, 8, 8, 8], "stem_stride": 1}, 16),
        ("wide_resnet", {"depth": 10, "width": 1}, 8),
        ("wide_resnet", {"depth": 10, "width": 1, "stem_stride": 2}, 16),
        ("small_cnn", {}, 16),
        ("deconvolution", {"depth": 4}, 32),
    ],
    ids=str,
)
def test_an_image_too_small_is_refused_with_what_to_change_and_the_least_size_is_taken(name, changes, needed):
    with pytest.raises(NevusError, match=rf"at least {needed} pixels, but it sees {needed - 1}\..*network\.resize"):
        build(preset(name, **changes), classes=2, size=needed - 1)
    assert build(preset(name, **changes), classes=2, size=needed)(torch.randn(2, 3, needed, needed)).shape == (2, 2)


@pytest.mark.parametrize("depth", [28, 34])
def test_a_wide_residual_network_has_as_many_convolutions_as_its_depth_says(depth):
    network = build(preset("wide_resnet", depth=depth, width=2), classes=2, size=32)
    kernels = [part.kernel_size for part in network.modules() if isinstance(part, nn.Conv2d)]
    assert kernels.count((3, 3)) + kernels.count((1, 1)) == depth  # the paper counts the three shortcuts


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("wide_resnet", {"depth": 18}, "such as 16 or 22"),
        ("deconvolution", {"depth": 2, "up": 3}, "no more than depth, which is 2"),
        ("preactivation", {"widths": []}, "widths"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(name, changes, said):
    with pytest.raises(ValidationError, match=said):
        preset(name, **changes)
