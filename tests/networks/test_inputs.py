import numpy as np
import pytest
import torch

from nevus.contracts import TrainingError
from nevus.networks import inputs
from nevus.networks.build import build
from nevus.networks.inputs import Input
from nevus.networks.options import InputOptions
from tests.networks.test_networks import options


def layer(normalisation="none", resize=None, colour="none", gamma=1.0) -> Input:
    return Input(InputOptions(normalisation=normalisation, resize=resize, colour=colour, gamma=gamma))


def in_range(pixels):
    return torch.from_numpy(pixels).permute(0, 3, 1, 2) / 127.5 - 1


@pytest.fixture
def pixels():
    rng = np.random.default_rng(0)
    return (rng.integers(0, 200, (9, 8, 8, 3)) * [1.0, 0.5, 0.1] + [0, 60, 30]).astype(np.uint8)


def test_images_pass_untouched_where_there_is_nothing_to_do():
    images = torch.randn(2, 3, 8, 8)
    assert layer()(images) is images
    assert layer(resize=8)(images) is images
    assert not layer().state_dict()


def test_imagenet_statistics_are_those_that_torchvision_takes_off(pixels):
    from torchvision.transforms.v2.functional import normalize

    expected = normalize(
        torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    )
    torch.testing.assert_close(layer("imagenet")(in_range(pixels)), expected, atol=1e-5, rtol=1e-5)
    assert not layer("imagenet").state_dict()  # constants are no weights


def test_every_sample_is_centred_and_scaled_whatever_its_contrast(pixels):
    images = in_range(pixels)
    normalised = layer("sample")(images)
    torch.testing.assert_close(normalised.mean(dim=(1, 2, 3)), torch.zeros(9), atol=1e-5, rtol=0)
    torch.testing.assert_close(normalised.std(dim=(1, 2, 3), correction=0), torch.ones(9), atol=1e-4, rtol=0)
    torch.testing.assert_close(layer("sample")(images * 0.5 + 0.1), normalised, atol=1e-3, rtol=0)


def test_an_image_of_one_colour_keeps_finite_gradients():
    grey = torch.full((1, 3, 8, 8), 0.25, requires_grad=True)
    out = layer("sample")(grey)
    assert torch.equal(out, torch.zeros_like(out))
    (out * torch.randn_like(out)).sum().backward()
    assert torch.isfinite(grey.grad).all()


def test_feature_statistics_are_those_of_all_training_pixels_whatever_the_chunks(pixels, monkeypatch):
    whole, parts = layer("feature"), layer("feature")
    whole.fit(pixels)
    monkeypatch.setattr(inputs, "CHUNK_BYTES", 2 * pixels[0].nbytes)
    parts.fit(pixels)

    scaled = pixels / 127.5 - 1
    np.testing.assert_allclose(whole.normalise.mean.flatten(), scaled.mean(axis=(0, 1, 2)), rtol=1e-6)
    np.testing.assert_allclose(whole.normalise.deviation.flatten(), scaled.std(axis=(0, 1, 2)), rtol=1e-6)
    assert torch.equal(whole.normalise.mean, parts.normalise.mean)
    assert torch.equal(whole.normalise.deviation, parts.normalise.deviation)
    normalised = whole(in_range(pixels))
    torch.testing.assert_close(normalised.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(normalised.std(dim=(0, 2, 3), correction=0), torch.ones(3), atol=1e-5, rtol=0)


def test_a_channel_without_variation_is_not_divided_by_nothing():
    featurewise = layer("feature")
    featurewise.fit(np.full((2, 8, 8, 3), 7, dtype=np.uint8))
    assert torch.isfinite(featurewise(torch.randn(1, 3, 8, 8))).all()


def test_feature_statistics_travel_with_the_weights_and_their_lack_is_noticed(pixels):
    images = in_range(pixels)
    network, other = (build(options(depth=1, normalisation="feature"), classes=2, size=8).eval() for _ in range(2))
    with pytest.raises(TrainingError, match="fit_input"):
        network(images)
    other.load_state_dict(network.state_dict())
    with pytest.raises(TrainingError, match="fit_input"):
        other(images)
    network.fit_input(pixels)
    other.load_state_dict(network.state_dict())
    assert torch.equal(other(images), network(images))


def test_grey_world_gives_every_channel_the_mean_of_all_whatever_the_light(pixels):
    images = in_range((pixels // 2).astype(np.uint8))
    corrected = layer(colour="grey_world")(images)
    means = (corrected + 1).mean(dim=(2, 3))
    torch.testing.assert_close(means, means.mean(dim=1, keepdim=True).expand_as(means), atol=0.02, rtol=0)
    light = torch.tensor([0.9, 1.0, 0.6]).view(3, 1, 1)
    other = layer(colour="grey_world")((images + 1) * light - 1)
    shapes = [(one + 1) / (one + 1).mean(dim=(1, 2, 3), keepdim=True) for one in (corrected, other)]
    torch.testing.assert_close(*shapes, atol=0.02, rtol=0.02)


@pytest.mark.parametrize("gamma", [0.5, 2.2])
def test_gamma_is_an_exponent_of_the_pixels_between_black_and_white(gamma, pixels):
    images = in_range(pixels)
    expected = 2 * (pixels / 255.0) ** gamma - 1
    found = layer(gamma=gamma)(images).permute(0, 2, 3, 1)
    np.testing.assert_allclose(found, expected, atol=0.02)


@pytest.mark.parametrize("changes", [{"colour": "grey_world"}, {"gamma": 0.5}, {"colour": "grey_world", "gamma": 2.0}])
def test_corrected_colours_stay_in_range_and_keep_finite_gradients(changes):
    images = torch.cat([torch.full((1, 3, 8, 8), -1.0), torch.randn(1, 3, 8, 8) * 2]).requires_grad_()
    found = layer(**changes)(images)
    assert found.min() >= -1
    assert found.max() <= 1 + 1e-6
    found.sum().backward()
    assert torch.isfinite(images.grad).all()


def test_feature_statistics_are_those_of_the_corrected_colours(pixels):
    corrected = layer("feature", colour="grey_world", gamma=1.5)
    corrected.fit(pixels)
    normalised = corrected(in_range(pixels))
    torch.testing.assert_close(normalised.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(normalised.std(dim=(0, 2, 3), correction=0), torch.ones(3), atol=1e-4, rtol=0)


@pytest.mark.parametrize("resize", [8, 32])
def test_resizing_is_antialiased_and_keeps_gradients(resize):
    stripes = torch.ones(1, 3, 16, 16)
    stripes[..., ::2] = -1
    stripes.requires_grad_()
    out = layer(resize=resize)(stripes)
    assert out.shape == (1, 3, resize, resize)
    if resize < 16:  # without antialiasing the stripes would come out at random
        assert out[..., 1:-1].abs().max() < 0.3
    out.square().sum().backward()
    assert stripes.grad.abs().sum() > 0


def test_half_precision_images_of_a_generator_are_taken_in():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        for normalisation in ("none", "imagenet", "sample"):
            network = build(options(normalisation=normalisation, resize=32), classes=2, size=16)
            assert torch.isfinite(network(torch.rand(2, 3, 16, 16, dtype=torch.bfloat16))).all()


def test_the_input_layer_draws_no_random_numbers_and_adds_no_weights():
    networks = []
    for normalisation, resize in (("none", None), ("imagenet", 48)):
        torch.manual_seed(3)
        networks.append(build(options(normalisation=normalisation, resize=resize), classes=2, size=32).state_dict())
    first, second = networks
    assert list(first) == list(second)
    assert all(torch.equal(first[name], second[name]) for name in first)
