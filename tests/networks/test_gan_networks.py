"""What every generator and critic does, whatever it is made of, and what is particular to each."""

import pytest
import torch
from pydantic import ValidationError
from torch import nn
from torch.nn import functional as F

from nevus.contracts import NevusError
from nevus.networks.attention import SelfAttention
from nevus.networks.build import build, parse
from nevus.networks.r3gan import Bottleneck, fixup_gain
from nevus.networks.style import Modulated, demodulation

PLAIN = {"latent": 6, "conditional": False, "resize": None}
GENERATORS = {
    "transposed": {"kind": "dcgan", "width": 8, "depth": 2, "upsample": "transposed", **PLAIN},
    "resize": {"kind": "dcgan", "width": 8, "depth": 2, "upsample": "resize", **PLAIN},
    "residual": {"kind": "residual_generator", "width": 8, "depth": 2, "norm": "none", "attention": None, **PLAIN},
    "attentive-up": {"kind": "residual_generator", "width": 8, "depth": 2, "norm": "spectral", "attention": 8, **PLAIN},
    "style": {"kind": "style", "style": 12, "layers": 2, "width": 6, "widest": 16, **PLAIN},
    "r3gan": {"kind": "r3gan", "width": 8, "widest": 16, "blocks": 1, "group": 8, **PLAIN},
}
RESIDUAL = {"kind": "residual_critic", "width": 8, "depth": 2, "conditional": False}
CRITICS = {
    **{
        f"dcgan-{norm}": {"kind": "dcgan_critic", "width": 8, "depth": 2, "norm": norm, "conditional": False}
        for norm in ("none", "batch", "spectral")
    },
    "sum": {**RESIDUAL, "norm": "none", "pooling": "sum", "attention": None},
    "flatten": {**RESIDUAL, "norm": "spectral", "pooling": "flatten", "attention": None},
    "attentive": {**RESIDUAL, "norm": "spectral", "pooling": "sum", "attention": 8},
    "r3gan-critic": {"kind": "r3gan_critic", "width": 8, "widest": 16, "blocks": 1, "group": 8, "conditional": False},
}
EVERY = {**GENERATORS, **CRITICS}
CONDITIONAL = [False, True]


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


def make(options, *, size=16, **changes):
    return build({**options, **changes}, classes=3, size=size)


def labels_for(conditional, count):
    return (torch.arange(count) % 3,) if conditional else ()


def wake(network):
    """Give weights that start at 0, so that a branch starts as nothing, a value that gradients pass."""
    with torch.no_grad():
        for parameter in network.parameters():
            if not parameter.any():
                parameter.normal_()
    return network


def still(network):
    """The parameters that no gradient has reached."""
    return [
        name for name, parameter in network.named_parameters() if parameter.grad is None or not parameter.grad.any()
    ]


@pytest.mark.parametrize("size", [32, 64, 100, 128])
@pytest.mark.parametrize("name", GENERATORS)
def test_generators_make_images_of_every_size_within_the_range_of_tanh(name, size):
    changes = {"attention": size // 2 if size < 100 else None} if "attention" in GENERATORS[name] else {}
    generator = make(GENERATORS[name], size=size, resize=128 if size == 100 else None, **changes)
    images = generator.eval()(torch.randn(2, generator.latent))
    assert images.shape == (2, 3, size, size)
    assert images.abs().max() <= 1


def test_100_pixels_are_resized_from_104_and_refused_as_they_are():
    with pytest.raises(NevusError, match=r"multiple of 8 pixels, but they have 100\. Set the resize .* to 104"):
        make(GENERATORS["resize"], size=100, depth=3)
    generator = make(GENERATORS["resize"], size=100, depth=3, resize=104).eval()
    latent = torch.randn(2, 6)
    made = torch.tanh(generator.draw(latent, None))
    assert made.shape == (2, 3, 104, 104)
    expected = F.interpolate(made, size=(100, 100), mode="bilinear", antialias=True)
    assert torch.equal(generator(latent), expected)


@pytest.mark.parametrize("size", [32, 64, 100, 128])
@pytest.mark.parametrize("name", CRITICS)
def test_critics_give_one_score_to_an_image_of_every_size(name, size):
    changes = {"attention": size // 2} if CRITICS[name].get("attention") and size < 64 else {}
    critic = make(
        {**CRITICS[name], **({"attention": None} if "attention" in CRITICS[name] else {}), **changes}, size=size
    )
    assert critic(torch.randn(3, 3, size, size)).shape == (3,)


@pytest.mark.parametrize("conditional", CONDITIONAL)
@pytest.mark.parametrize("name", GENERATORS)
def test_gradients_reach_every_parameter_of_a_generator(name, conditional):
    generator = wake(make(GENERATORS[name], conditional=conditional))
    images = generator(torch.randn(6, 6), *labels_for(conditional, 6))
    (images * torch.randn_like(images)).sum().backward()
    assert still(generator) == []


@pytest.mark.parametrize("conditional", CONDITIONAL)
@pytest.mark.parametrize("name", CRITICS)
def test_gradients_reach_every_parameter_of_a_critic_also_those_of_a_gradient_penalty(name, conditional):
    critic = wake(make(CRITICS[name], conditional=conditional))
    images = torch.randn(6, 3, 16, 16, requires_grad=True)
    scores = critic(images, *labels_for(conditional, 6))
    (gradient,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
    (gradient.square().sum() + (scores * torch.randn(6)).sum()).backward()
    assert still(critic) == []


@pytest.mark.parametrize("conditional", CONDITIONAL)
@pytest.mark.parametrize("name", EVERY)
def test_a_network_that_was_saved_does_the_same_again(name, conditional):
    options = EVERY[name]
    first, second = make(options, conditional=conditional), make(options, conditional=conditional)
    given = torch.randn(6, 6) if name in GENERATORS else torch.randn(6, 3, 16, 16)
    first(given, *labels_for(conditional, 6))  # running statistics that are not those of the start
    second.load_state_dict(first.state_dict())
    labels = labels_for(conditional, 6)
    assert torch.equal(first.eval()(given, *labels), second.eval()(given, *labels))


@pytest.mark.parametrize("name", EVERY)
def test_a_class_changes_what_a_conditional_network_answers(name):
    network = make(EVERY[name], conditional=True).eval()
    given = torch.randn(2, 6) if name in GENERATORS else torch.randn(2, 3, 16, 16)
    one, other = (network(given, torch.full((2,), label)) for label in (0, 2))
    assert (one - other).abs().max() > 1e-5


@pytest.mark.parametrize("name", EVERY)
def test_classes_are_wanted_where_a_network_knows_them_and_only_there(name):
    options = EVERY[name]
    given = torch.randn(2, 6) if name in GENERATORS else torch.randn(2, 3, 16, 16)
    with pytest.raises(NevusError, match="conditional on 3 classes and was given none"):
        make(options, conditional=True)(given)
    with pytest.raises(NevusError, match="knows none"):
        make(options)(given, torch.zeros(2, dtype=torch.long))
    with pytest.raises(NevusError, match="at least two classes, but there is 1"):
        build({**options, "conditional": True}, classes=1, size=16)


def test_a_resize_convolution_makes_no_checkerboard():
    def unevenness(upsample):
        """How much the four phases of the pixels differ in their mean magnitude, for one feature that is even."""
        generator = make(GENERATORS[upsample], size=32, latent=64, width=32)
        layer = next(part for part in generator.layers if isinstance(part, nn.ConvTranspose2d | nn.Conv2d))
        at = list(generator.layers).index(layer) - (upsample == "resize")
        even = torch.ones(1, layer.in_channels, 16, 16)
        made = layer(generator.layers[at](even)) if upsample == "resize" else layer(even)
        inner = made[..., 8:-8, 8:-8]
        return (inner - inner.mean(dim=(2, 3), keepdim=True)).abs().mean()

    assert unevenness("resize") < 1e-5 < unevenness("transposed")


def test_sum_pooling_adds_what_mean_pooling_averages():
    summed, mean = (make(CRITICS["sum"], pooling=pooling).eval() for pooling in ("sum", "mean"))
    mean.load_state_dict(summed.state_dict())
    images = torch.randn(2, 3, 16, 16)
    torch.testing.assert_close(summed.embed(images), mean.embed(images) * 4**2)


def test_a_critic_with_batch_normalisation_leaves_its_first_stage_without_as_in_the_paper():
    critic = make(CRITICS["dcgan-batch"], depth=3)
    kinds = [type(part) for part in critic.layers]
    assert kinds[:3] == [nn.Conv2d, nn.LeakyReLU, nn.Conv2d]
    assert kinds.count(nn.BatchNorm2d) == 2


@pytest.mark.parametrize("name", [name for name in EVERY if EVERY[name].get("norm") == "spectral"])
def test_spectral_normalisation_bounds_the_largest_singular_value_of_every_layer(name):
    network = make(EVERY[name], conditional=True).train()
    for _ in range(60):
        given = torch.randn(2, 6) if name in GENERATORS else torch.randn(2, 3, 16, 16)
        network(given, torch.zeros(2, dtype=torch.long))
    layers = [part for part in network.modules() if hasattr(part, "parametrizations")]
    largest = [torch.linalg.svdvals(layer.weight.detach().flatten(1))[0].item() for layer in layers]
    assert len(largest) >= 4
    assert largest == pytest.approx([1] * len(largest), abs=0.05)


def test_attention_starts_as_nothing_and_then_sees_the_whole_image():
    layer = SelfAttention(16, lambda part: part)
    x = torch.randn(2, 16, 4, 4)
    assert layer.gamma == 0
    assert torch.equal(layer(x), x)
    nn.init.ones_(layer.gamma)
    moved = x.clone()
    moved[:, :, 3, 3] += 5
    assert ((layer(moved) - layer(x))[:, :, 0, 0].abs() > 0).any()
    shuffled = torch.randperm(16)  # it knows nothing of places
    found = layer(x.flatten(2)[:, :, shuffled].view_as(x)).flatten(2)
    torch.testing.assert_close(found, layer(x).flatten(2)[:, :, shuffled])


@pytest.mark.parametrize(
    ("options", "changes", "said"),
    [
        (CRITICS["dcgan-none"], {"depth": 5}, r"5 stages needs images of at least 32 pixels, but they have 16"),
        (CRITICS["sum"], {"depth": 5}, r"5 stages needs images of at least 32 pixels, but they have 16"),
        (GENERATORS["style"], {"size": 20}, r"'style' makes images of 8, 16, 32, .* they have 20\..* to 32, or"),
        (GENERATORS["r3gan"], {"size": 4}, r"'r3gan' makes images of 8, .* they have 4\..* to 8, or"),
        (CRITICS["r3gan-critic"], {"size": 7}, r"needs images of at least 8 pixels, but they have 7"),
        (GENERATORS["residual"], {"attention": 5}, r"height of 5, but the feature maps of the generator have 8, 16\."),
        (CRITICS["attentive"], {"attention": 5}, r"height of 5, but the feature maps of the critic have 8, 4\."),
    ],
)
def test_what_a_network_cannot_do_is_refused_with_what_to_change(options, changes, said):
    with pytest.raises(NevusError, match=said):
        make(options, **changes)


@pytest.mark.parametrize(
    ("options", "size", "count"),
    [
        # latent to 4x4x32, two up-convolutions (bias none), batch normalisations, the image
        (GENERATORS["transposed"], 16, 7 * 512 + 64 + (32 * 16 + 16 * 8) * 16 + 2 * (16 + 8) + 8 * 27 + 3),
        (GENERATORS["resize"], 16, 7 * 512 + 64 + (32 * 16 + 16 * 8) * 9 + 2 * (16 + 8) + 8 * 27 + 3),
        (CRITICS["dcgan-none"], 16, (3 * 16 + 1) * 8 + (8 * 16 + 1) * 16 + 16 * 16 + 1),
    ],
)
def test_networks_have_as_many_parameters_as_on_paper(options, size, count):
    assert sum(parameter.numel() for parameter in make(options, size=size).parameters()) == count


def test_options_come_back_from_what_they_say():
    for options in EVERY.values():
        assert parse(parse(options).model_dump(mode="json")) == parse(options)


def test_demodulated_weights_have_length_1():
    weight, scales = torch.randn(5, 4, 3, 3), torch.rand(2, 4) * 9 + 0.1
    modulated = weight * scales[:, None, :, None, None] * demodulation(weight, scales)[:, :, None, None, None]
    torch.testing.assert_close(modulated.flatten(2).norm(dim=2), torch.ones(2, 5))


def test_scaling_inputs_and_outputs_is_a_convolution_with_the_weights_of_every_image():
    layer = Modulated(4, 5, 3, 7, demodulate=True)
    x, style = torch.randn(2, 4, 6, 6), torch.randn(2, 7)
    scales, weight = layer.scales(style), layer.weight * layer.gain
    modulated = weight * scales[:, None, :, None, None] * demodulation(weight, scales)[:, :, None, None, None]
    expected = [F.conv2d(image[None], own, padding=1) for image, own in zip(x, modulated, strict=True)]
    torch.testing.assert_close(layer(x, style), torch.cat(expected))


def test_truncation_goes_from_the_mean_image_to_the_image_of_the_latent():
    generator = make(GENERATORS["style"])
    for _ in range(20):
        generator.styles(torch.randn(64, 6))
    generator.eval()
    latent = torch.randn(3, 6)
    mean = torch.tanh(generator.synthesise(generator.mean.expand(3, -1)))
    torch.testing.assert_close(generator(latent, truncation=0.0), mean)
    torch.testing.assert_close(generator(latent, truncation=1.0), generator(latent))
    off = [(generator(latent, truncation=share) - mean).abs().mean() for share in (0.0, 0.5, 1.0)]
    assert off[0] < off[1] < off[2]


def test_the_mean_style_is_that_of_all_latents_and_kept_only_in_training():
    generator = make(GENERATORS["style"])
    batches = [torch.randn(32, 6) for _ in range(10)]
    styles = torch.cat([generator.styles(batch) for batch in batches])
    torch.testing.assert_close(generator.mean, styles.mean(dim=0))
    before = generator.mean.clone()
    generator.eval().styles(torch.randn(32, 6))
    assert torch.equal(generator.mean, before)


def test_noise_is_new_in_training_and_the_same_in_evaluation():
    generator = wake(make(GENERATORS["style"]))
    latent = torch.randn(2, 6)
    assert not torch.equal(generator(latent), generator(latent))
    generator.eval()
    assert torch.equal(generator(latent), generator(latent))


def test_residual_branches_of_r3gan_start_as_nothing():
    block, x = Bottleneck(16, group=8, gain=0.5), torch.randn(2, 16, 8, 8)
    assert torch.equal(block(x), x)
    assert block.mix.groups == 4
    assert fixup_gain(16) == 0.5


def test_groups_have_to_be_whole():
    with pytest.raises(ValidationError, match=r"group 24, which must divide 2 \* width \(16\)"):
        parse({**GENERATORS["r3gan"], "group": 24})


@pytest.mark.parametrize("name", [name for name in GENERATORS if name not in ("transposed", "resize")])
def test_images_of_the_start_are_neither_even_nor_saturated(name):
    images = make(GENERATORS[name], size=32, **({"attention": None} if "attention" in GENERATORS[name] else {}))(
        torch.randn(16, 6)
    )
    assert 0.02 < images.std() < 0.9
