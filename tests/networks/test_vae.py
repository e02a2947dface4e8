import pytest
import torch
from torch.nn import functional as F

from nevus.contracts import NevusError
from nevus.networks.build import build

SETTINGS = {"kind": "vae", "latent": 5, "channels": 3, "width": 4, "depth": 2, "hidden": 16, "dropout": 0.1}


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


def make(size=16, **changes):
    return build({**SETTINGS, **changes}, classes=2, size=size)


@pytest.mark.parametrize(("size", "depth"), [(28, 2), (32, 3), (64, 4), (100, 2), (16, 1)])
@pytest.mark.parametrize("channels", [1, 3])
def test_images_of_every_size_are_encoded_and_decoded(size, depth, channels):
    network = make(size, depth=depth, channels=channels)
    logits, mean, log_variance = network(torch.rand(3, 3, size, size) * 2 - 1)
    assert logits.shape == (3, channels, size, size)
    assert mean.shape == log_variance.shape == (3, 5)
    images = network.images(mean)
    assert images.shape == (3, 3, size, size)
    assert images.abs().max() <= 1


def test_images_are_the_mean_pixels_of_the_logits():
    network = make(dropout=0.0).eval()
    latent = torch.randn(2, 5)
    torch.testing.assert_close(network.images(latent), 2 * torch.sigmoid(network.decode(latent)) - 1)


def test_a_network_of_one_channel_sees_the_mean_of_the_three():
    network = make(channels=1).eval()
    images = torch.rand(2, 3, 16, 16)
    assert torch.allclose(network.encode(images)[0], network.encode(images.flip(1))[0], atol=1e-6)
    assert torch.equal(*network.images(torch.randn(2, 5))[:, :2].unbind(1))


def test_training_draws_latents_and_evaluation_takes_the_mean():
    network, images = make(dropout=0.0), torch.rand(2, 3, 16, 16)
    assert not torch.equal(network(images)[0], network(images)[0])
    logits, mean, _ = network.eval()(images)
    assert torch.equal(logits, network.decode(mean))


def test_gradients_reach_every_parameter_and_a_saved_network_does_the_same_again():
    network, images = make(), torch.rand(8, 3, 16, 16)
    logits, mean, log_variance = network(images)
    (F.binary_cross_entropy_with_logits(logits, images) + mean.square().mean() + log_variance.exp().mean()).backward()
    assert [name for name, parameter in network.named_parameters() if not parameter.grad.any()] == []
    other = make()
    other.load_state_dict(network.state_dict())
    assert torch.equal(other.eval()(images)[0], network.eval()(images)[0])


def test_a_size_that_cannot_be_halved_is_refused_with_what_to_change():
    with pytest.raises(NevusError, match=r"multiple of 8 pixels, but they have 28\. Lower its depth"):
        make(28, depth=3)
