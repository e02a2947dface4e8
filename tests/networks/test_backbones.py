"""timm's networks as classifiers."""

import json
import re
from itertools import pairwise

import pytest
import timm
import torch
from pydantic import ValidationError
from torch import nn

from nevus.contracts import NevusError
from nevus.networks.build import build, describe, restore
from nevus.training.groups import freeze, hold_statistics, layer_of, parameter_groups
from tests.networks.presets import PRESETS, preset
from tests.training.fakes import optimizer

BACKBONES = [name for name, block in PRESETS.items() if block["kind"] == "timm"]
FEATURES = {
    "resnet18": 512,
    "resnet34": 512,
    "efficientnet_b6": 2304,
    **{f"efficientnet_lite{n}": 1280 for n in (0, 1, 2)},
}


def small(name="resnet18", **changes):
    return preset("resnet18", name=name, **changes)


@pytest.mark.parametrize("name", BACKBONES)
def test_small_images_are_enlarged_and_become_logits(name):
    network = build(preset(name, resize=64), classes=3, size=16).eval()
    with torch.no_grad():
        features, logits = network(torch.randn(1, 3, 16, 16), return_features=True)
    assert features.shape == (1, network.feature_count) == (1, FEATURES.get(name, 2048))
    assert logits.shape == (1, 3)


@pytest.mark.parametrize("changes", [{}, {"stem": "small"}, {"hidden": 8}, {"name": "legacy_xception", "resize": 64}])
def test_the_gradient_reaches_every_parameter(changes):
    torch.manual_seed(0)
    network = build(small(**changes), classes=2, size=32)
    with torch.no_grad():  # timm lets residual blocks begin as nothing
        for parameter in network.parameters():
            parameter.add_(0.01)
    nn.functional.cross_entropy(network(torch.randn(4, 3, 32, 32)), torch.arange(4) % 2).backward()
    still = [name for name, parameter in network.named_parameters() if not parameter.grad.abs().sum() > 0]
    assert still == []


@pytest.mark.parametrize(
    "changes",
    [{"weights": "imagenet"}, {"weights": "/nowhere/w.pth", "sha256": "0" * 64}, {"hidden": 8, "dropout": 0.5}],
)
def test_a_saved_classifier_is_built_again_without_what_it_started_from(changes):
    options = small(**changes)
    network = build(options, classes=2, size=32).eval()
    spec = json.loads(json.dumps(describe(options, classes=["a", "b"], size=32, average_d4=False)))
    assert spec["requirements"] == ["timm"]
    assert (spec["network"]["weights"], spec["network"]["sha256"]) == (None, None)
    images = torch.randn(2, 3, 32, 32)
    assert torch.equal(restore(spec, dict(network.state_dict()))(images), network(images))


def test_the_small_stem_keeps_eight_times_as_many_positions_a_side():
    images = torch.randn(1, 3, 32, 32)
    sides = []
    for stem in ("default", "small"):
        body = build(small(stem=stem), classes=2, size=32).backbone.eval()
        sides.append(body.forward_features(images).shape[-1])
    assert sides == [1, 4]


def test_a_network_of_one_size_is_built_for_the_size_that_it_sees():
    network = build(small("vit_tiny_patch16_224", resize=48), classes=2, size=32)
    assert network(torch.randn(2, 3, 32, 32)).shape == (2, 2)


@pytest.mark.parametrize(
    ("name", "nearest"), [("resnet19", "resnet18"), ("tf_efficientnet_light0", "tf_efficientnet_lite0")]
)
def test_an_unknown_name_is_refused_with_the_nearest(name, nearest):
    with pytest.raises(NevusError, match=rf"no network '{name}'.*{nearest}"):
        build(small(name), classes=2, size=32)


def test_an_image_too_small_is_refused():
    with pytest.raises(NevusError, match=r"resnet18 .* at least 32 pixels, but it sees 16.*network\.resize"):
        build(small(), classes=2, size=16)
    assert build(small(stem="small"), classes=2, size=16)(torch.randn(2, 3, 16, 16)).shape == (2, 2)
    with pytest.raises(NevusError, match=r"inception_v3 cannot see images of 32 pixels.*network\.resize"):
        build(small("inception_v3"), classes=2, size=32)


def test_settings_that_a_network_does_not_take_are_refused():
    with pytest.raises(NevusError, match="legacy_xception does not"):
        build(small("legacy_xception", stem="small"), classes=2, size=64)
    with pytest.raises(NevusError, match="Set drop_path to 0"):
        build(small("vgg11", drop_path=0.1), classes=2, size=64)
    with pytest.raises(ValidationError, match="know no stem small"):
        small(weights="imagenet", stem="small")


@pytest.mark.parametrize("name", ["resnet18", "tf_efficientnet_lite0", "convnext_atto", "vit_tiny_patch16_224"])
def test_the_learning_rate_grows_from_the_stem_to_the_head_as_timm_orders_the_layers(name):
    network = build(small(name, resize=32), classes=2, size=32)
    groups = parameter_groups(list(network.named_parameters()), optimizer(layer_decay=0.5))
    rates = {id(parameter): group["lr"] for group in groups for parameter in group["params"]}
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    order = timm.models.group_parameters(network.backbone, network.backbone.group_matcher(coarse=False), reverse=True)
    by_stage: dict[int, set[float]] = {}
    for key, rate in rates.items():
        if (found := names[key]).startswith("backbone."):
            by_stage.setdefault(order[found.removeprefix("backbone.")], set()).add(rate)
    stages = [by_stage[stage] for stage in sorted(by_stage)]
    assert all(max(below) <= min(above) for below, above in pairwise(stages))
    assert len(set().union(*stages)) > 5
    assert rates[id(network.head[-1].weight)] == max(rates.values())


def test_a_frozen_backbone_trains_its_head_alone_and_keeps_its_statistics():
    network = build(small("tf_efficientnet_lite0", resize=32), classes=2, size=32)
    freeze(list(network.named_parameters()), ["backbone.conv_stem", "backbone.bn1", "backbone.blocks.0"])
    hold_statistics(network)
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    network(torch.randn(4, 3, 32, 32))
    moved = {layer_of(name) for name, buffer in network.named_buffers() if not torch.equal(buffer, before[name])}
    assert moved == {f"backbone.blocks.{number}" for number in range(1, 7)} | {"backbone.bn2"}
    freeze(list(network.named_parameters()), ["backbone"])
    trained = [name for name, parameter in network.named_parameters() if parameter.requires_grad]
    assert all(re.match(r"head\.", name) for name in trained)
