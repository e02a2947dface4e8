import copy

import numpy as np
import pytest
import torch
from torch import nn

from nevus.networks.build import build
from nevus.training.attribution import NoFeatureMapError, grad_cam
from nevus.training.prediction import symmetries
from nevus.training.runtime import prediction_runtime
from tests.networks.presets import PRESETS, preset

CPU = prediction_runtime("cpu")
SMALL = {
    "residual": {"width": 4},
    "preactivation": {"widths": [4, 8]},
    "wide_resnet": {"depth": 10, "width": 1},
    "small_cnn": {"width": 4},
    "deconvolution": {"width": 4},
}
KINDS = [
    *SMALL.items(),
    ("residual", {"width": 4, "kind": "plain", "norm": "spectral"}),
    ("preactivation", {"widths": [4, 8], "stem_stride": 1, "blocks": 2}),
    ("resnet18", {}),
    ("resnet50", {"resize": 64}),
    ("efficientnet_lite0", {}),
    ("efficientnet_lite0", {"resize": None}),  # ends in a single position, so the map lies before
    ("xception", {"resize": 64}),
    ("resnet18", {"name": "convnext_atto", "resize": 64}),
    ("resnet18", {"name": "mobilenetv3_small_050", "resize": 64}),
]


class UpperLeft(nn.Module):
    """Sees one quarter of the image; class 1 speaks for light, class 0 for nothing."""

    def __init__(self, common: float = 0.0):
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 2, stride=2, bias=False)
        self.head = nn.Linear(2, 2, bias=False)
        with torch.no_grad():
            self.conv.weight.fill_(0.1)
            self.head.weight.copy_(torch.tensor([[common, common], [common + 1.0, common + 1.0]]))

    def forward(self, x):
        mask = torch.zeros_like(x)
        mask[..., : x.shape[2] // 2, : x.shape[3] // 2] = 1
        return self.head(self.conv((x + 1) * mask).mean(dim=(2, 3)))


def grey(n=3, size=16, level=200):
    return np.full((n, size, size, 3), level, dtype=np.uint8)


def noise(n=3, size=32):
    return np.random.default_rng(0).integers(0, 256, (n, size, size, 3), dtype=np.uint8)


def test_a_network_that_sees_one_quarter_of_the_image_lights_that_quarter_alone():
    (heat,) = grad_cam(UpperLeft(), grey(1), [1], CPU)
    assert heat.shape == (16, 16)
    assert (heat[:7, :7] == 1).all()  # but for the rim, which is interpolated
    assert (heat[9:] == 0).all()
    assert (heat[:, 9:] == 0).all()


def test_nothing_lights_for_the_class_that_nothing_speaks_for():
    heats = grad_cam(UpperLeft(), grey(2), [0, 1], CPU)
    assert heats.max(axis=(1, 2)).tolist() == [0, 1]


def test_what_raises_all_logits_alike_speaks_for_no_class():
    heats = grad_cam(UpperLeft(common=5.0), grey(2), [0, 1], CPU)
    assert heats.max(axis=(1, 2)).tolist() == [0, 1]


def test_the_mean_over_symmetries_lights_the_places_of_the_image_and_not_of_its_turned_views():
    pixels = grey(1, level=0)
    pixels[0, :8, 8:] = 255  # above to the right, which only some of the turned views bring into the quarter seen
    (plain,), (mean,) = (grad_cam(UpperLeft(), pixels, [1], CPU, average_d4=turned) for turned in (False, True))
    assert not plain.any()
    assert (mean[:6, 10:] == 1).all()
    assert (mean[10:] == 0).all()


def test_the_mean_over_symmetries_turns_with_the_image():
    network, pixels = build(preset("residual", width=4), classes=3, size=32), noise(1)
    view = symmetries(torch.from_numpy(pixels).permute(0, 3, 1, 2))[5].permute(0, 2, 3, 1).numpy()
    (heat,), (turned,) = (grad_cam(network, images, [1], CPU, average_d4=True) for images in (pixels, view))
    np.testing.assert_allclose(symmetries(torch.from_numpy(heat)[None, None])[5][0, 0], turned, atol=1e-4)


@pytest.mark.parametrize(("name", "changes"), KINDS, ids=str)
def test_every_kind_of_network_has_heat_maps(name, changes):
    torch.manual_seed(0)
    network = build(preset(name, **changes), classes=3, size=32)
    heats = grad_cam(network, noise(), [0, 1, 2], CPU)
    assert (heats.shape, heats.dtype) == ((3, 32, 32), np.float32)
    assert 0 <= heats.min() <= heats.max() <= 1
    assert set(heats.max(axis=(1, 2)).tolist()) <= {0.0, 1.0}
    assert heats.any()


def test_all_kinds_of_the_configuration_are_among_those_tested():
    tested = {preset(name, **changes).kind for name, changes in KINDS}
    assert {block["kind"] for block in PRESETS.values()} <= tested


def test_the_network_is_left_as_it_was():
    network = build(preset("preactivation", widths=[4, 8]), classes=2, size=32).train()
    network.norm.eval()
    network(torch.randn(4, 3, 32, 32)).sum().backward()
    state = copy.deepcopy(network.state_dict())
    modes = [part.training for part in network.modules()]
    gradients = [parameter.grad.clone() for parameter in network.parameters()]
    grad_cam(network, noise(), [0, 1, 0], CPU)
    assert all(torch.equal(state[name], value) for name, value in network.state_dict().items())
    assert all(torch.equal(own.grad, gradient) for own, gradient in zip(network.parameters(), gradients, strict=True))
    assert [part.training for part in network.modules()] == modes
    assert not any(part._forward_hooks for part in network.modules())


def test_frozen_weights_make_no_difference_and_neither_does_the_batch(monkeypatch):
    network, pixels = build(preset("residual", width=4), classes=2, size=32), noise(5)
    whole = grad_cam(network, pixels, [0, 1, 0, 1, 0], CPU)
    network.requires_grad_(False)
    monkeypatch.setattr("nevus.training.attribution.batch_that_fits", lambda *_: 8)  # of which a fourth at a time
    np.testing.assert_allclose(grad_cam(network, pixels, [0, 1, 0, 1, 0], CPU), whole, atol=1e-5)


def test_no_images_have_no_heat_maps():
    assert grad_cam(UpperLeft(), grey(0), [], CPU).shape == (0, 16, 16)


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "swin_tiny_patch4_window7_224"])
def test_a_network_that_works_on_tokens_has_none(name):
    network = build(preset("resnet18", name=name, resize=224), classes=2, size=32)
    with pytest.raises(NoFeatureMapError, match="no such feature map"):
        grad_cam(network, noise(1), [0], CPU)


def test_a_linear_model_has_none():
    network = nn.Sequential(nn.Identity(), nn.Flatten(), nn.Linear(3 * 32 * 32, 2))
    with pytest.raises(NoFeatureMapError, match="no such feature map"):
        grad_cam(network, noise(1), [0], CPU)
