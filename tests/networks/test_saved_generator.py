"""Saved generators are built again from what is said of them."""

import pytest
import torch

from nevus.contracts import NevusError
from nevus.networks.build import build
from nevus.networks.options import DcganOptions
from nevus.networks.saved_generator import describe_generator, restore_generator

OPTIONS = DcganOptions(kind="dcgan", latent=4, width=4, depth=3, conditional=False, resize=None, upsample="resize")


@pytest.fixture
def spec():
    return describe_generator(OPTIONS, classes=("benign", "melanoma"), size=32)


def test_a_restored_generator_makes_the_same_images(spec):
    network = build(OPTIONS, classes=2, size=32).eval()
    latents = torch.randn(3, 4)
    torch.testing.assert_close(restore_generator(spec, network.state_dict())(latents), network(latents))


@pytest.mark.parametrize("change", [{"width": 8}, {"kind": "residual"}, {"depth": 2}])
def test_weights_of_another_configuration_are_refused(spec, change):
    weights = build(OPTIONS, classes=2, size=32).state_dict()
    with pytest.raises(NevusError, match="another configuration"):
        restore_generator({**spec, "network": {**spec["network"], **change}}, weights)
