from typing import get_args

import pytest
import torch
from pydantic import TypeAdapter, ValidationError

from nevus.augment.colour import grey
from nevus.augment.geometry import resample
from nevus.augment.operations import Operation
from nevus.augment.options import GanPolicy, Policy, ViewPolicy
from nevus.augment.policy import Augment
from nevus.contracts import Options

RANGED = {  # operation: its option, a draw that changes nothing, and limits that do
    "rotate": ("degrees", 0.0, [-180, 180]),
    "shear": ("degrees", 0.0, [-30, 30]),
    "scale": ("factor", 1.0, [0.5, 2]),
    "shift": ("share", 0.0, [-0.3, 0.3]),
    "brightness": ("factor", 1.0, [0.5, 1.5]),
    "contrast": ("factor", 1.0, [0.5, 1.5]),
    "saturation": ("factor", 1.0, [0, 2]),
    "hue": ("degrees", 0.0, [-90, 90]),
    "sharpness": ("factor", 1.0, [0, 2]),
    "blur": ("deviation", 0.0, [0.03, 0.1]),
    "noise": ("deviation", 0.0, [0.1, 0.2]),
    "cutout": ("side", 0.0, [0.5, 0.5]),
}
OTHERS = (
    {"name": "square"},
    {"name": "horizontal_flip"},
    {"name": "vertical_flip"},
    {"name": "crop", "area": [0.2, 0.6], "aspect": [0.8, 1.25]},
    {"name": "jpeg", "quality": [5, 30]},
    {"name": "hair", "count": [3, 6], "width": [0.02, 0.05]},
    {"name": "ruler", "spacing": [0.1, 0.2]},
)
EVERY = (*({"name": name, option: limits} for name, (option, _, limits) in RANGED.items()), *OTHERS)
each_operation = pytest.mark.parametrize("operation", EVERY, ids=lambda operation: operation["name"])


def policy(*operations: dict) -> Augment:
    torch.manual_seed(0)
    return Augment(TypeAdapter(Policy).validate_python(operations))


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(16, 3, 24, 24, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_the_list_of_operations_under_test_is_complete() -> None:
    (union, _) = get_args(Operation)
    tags = {get_args(kind.model_fields["name"].annotation)[0] for kind in get_args(union)}
    assert tags == {operation["name"] for operation in EVERY} | {"mixup", "cutmix"}


def test_a_policy_without_operations_changes_nothing(images: torch.Tensor) -> None:
    assert policy()(images) is images


@pytest.mark.parametrize("name", RANGED)
def test_a_range_of_no_change_changes_nothing(name: str, images: torch.Tensor) -> None:
    option, neutral, _ = RANGED[name]
    torch.testing.assert_close(policy({"name": name, option: [neutral, neutral]})(images), images, atol=2e-4, rtol=0)


@each_operation
def test_shape_and_type_stay_and_each_image_gets_a_draw_of_its_own(operation: dict, images: torch.Tensor) -> None:
    same = images[:1].repeat(16, 1, 1, 1)
    changed = policy(operation)(same)
    assert changed.shape == same.shape
    assert changed.dtype == same.dtype
    assert torch.isfinite(changed).all()
    assert len({round(float(image.double().square().sum() + image[0, 0, 0]), 5) for image in changed}) > 1


@each_operation
def test_the_same_seed_draws_the_same(operation: dict, images: torch.Tensor) -> None:
    assert torch.equal(policy(operation)(images), policy(operation)(images))


@each_operation
def test_probability_is_the_share_of_changed_images(operation: dict, images: torch.Tensor) -> None:
    many = images[:1].repeat(400, 1, 1, 1)
    always, seldom = (policy({**operation, "probability": share})(many) for share in (1, 0.2))
    share = [float(((changed - many).abs().amax(dim=(1, 2, 3)) > 1e-3).float().mean()) for changed in (always, seldom)]
    assert share[1] == pytest.approx(0.2 * share[0], abs=0.07)


@each_operation
def test_gradients_reach_the_images_unless_the_operation_says_so(operation: dict, images: torch.Tensor) -> None:
    images.requires_grad_(True)
    policy(operation)(images).square().sum().backward()
    assert torch.isfinite(images.grad).all()
    reached = images.grad.abs().sum(dim=(1, 2, 3)) > 0
    assert reached.all() or operation["name"] == "jpeg"


def test_square_gives_exactly_the_eight_symmetries(images: torch.Tensor) -> None:
    image = images[:1]
    eight = [torch.rot90(flipped, k, dims=(2, 3)) for flipped in (image, image.flip(3)) for k in range(4)]
    seen = set()
    for view in policy({"name": "square"})(image.repeat(200, 1, 1, 1)):
        errors = torch.stack([(view - one[0]).abs().max() for one in eight])
        assert errors.min() < 1e-4
        seen.add(int(errors.argmin()))
    assert seen == set(range(8))


def test_operations_of_geometry_are_one_resampling_in_their_order(images: torch.Tensor) -> None:
    turn, shift = {"name": "rotate", "degrees": [90, 90]}, {"name": "shift", "share": [0.25, 0.25]}
    operations = TypeAdapter(Policy).validate_python([turn, shift])
    together = resample(images, operations)
    one_by_one = resample(resample(images, operations[:1]), operations[1:])
    torch.testing.assert_close(together[..., :17, :17], one_by_one[..., :17, :17], atol=1e-4, rtol=0)
    assert (resample(images, operations[::-1]) - together).abs().max() > 0.1


def test_a_zoom_enlarges_and_a_quarter_turn_is_one(images: torch.Tensor) -> None:
    point = torch.zeros(1, 1, 33, 33)
    point[..., 16, 20] = 1  # four pixels from the centre
    larger = policy({"name": "scale", "factor": [2, 2]})(point)
    assert int(larger[0, 0, 16].argmax()) == 24
    turned = policy({"name": "rotate", "degrees": [90, 90]})(images)
    both = [torch.rot90(images, k, dims=(2, 3)) for k in (1, -1)]
    assert min(float((turned - one).abs().max()) for one in both) < 1e-4


def test_crop_shows_a_part_of_the_asked_area_and_nothing_from_outside() -> None:
    slope = torch.linspace(-1, 1, 64).view(1, 1, 1, 64).expand(200, 3, 64, 64)
    changed = policy({"name": "crop", "area": [0.25, 0.25], "aspect": [1, 1]})(slope)
    spread = changed[:, 0, 0, -1] - changed[:, 0, 0, 0]
    torch.testing.assert_close(spread, torch.full((200,), 0.5 * 2 * 63 / 63), atol=0.05, rtol=0)
    assert (changed.diff(dim=3) >= -1e-6).all()  # a reflection would turn the slope


def test_colour_does_what_its_names_say(images: torch.Tensor) -> None:
    bright = policy({"name": "brightness", "factor": [0.5, 0.5]})(images)
    torch.testing.assert_close(bright, (images + 1) / 2 - 1)
    even = policy({"name": "contrast", "factor": [0, 0]})(images)
    torch.testing.assert_close(even, grey(images).mean(dim=(2, 3), keepdim=True).expand_as(even), atol=1e-5, rtol=0)
    without = policy({"name": "saturation", "factor": [0, 0]})(images)
    torch.testing.assert_close(without, grey(images).expand_as(without), atol=1e-5, rtol=0)
    turned = policy({"name": "hue", "degrees": [70, 70]})(images)
    torch.testing.assert_close(grey(turned), grey(images), atol=1e-4, rtol=0)
    assert (turned - images).abs().mean() > 0.1


def test_colours_in_one_go_are_those_one_after_the_other(images: torch.Tensor) -> None:
    operations = [
        {"name": "brightness", "factor": [1.2, 1.2]},
        {"name": "contrast", "factor": [0.7, 0.7]},
        {"name": "saturation", "factor": [1.3, 1.3]},
        {"name": "hue", "degrees": [20, 20]},
        {"name": "contrast", "factor": [1.4, 1.4]},
    ]
    expected = images
    for operation in operations:
        expected = policy(operation)(expected)
    torch.testing.assert_close(policy(*operations)(images), expected, atol=1e-4, rtol=0)


def test_blur_keeps_the_mean_of_an_even_image_and_spreads_a_point() -> None:
    point = torch.zeros(2, 3, 41, 41)
    point[:, :, 20, 20] = 1
    spread = policy({"name": "blur", "deviation": [2 / 41, 2 / 41]})(point)
    assert float(spread[0, 0].sum()) == pytest.approx(1, abs=1e-4)
    places = torch.arange(41.0) - 20
    assert float((spread[0, 0].sum(dim=0) * places**2).sum()) == pytest.approx(4, abs=0.2)


def test_cutout_covers_a_square_of_the_asked_size_at_most(images: torch.Tensor) -> None:
    changed = (policy({"name": "cutout", "side": [0.5, 0.5]})(images) - images).abs().amax(dim=1) > 1e-6
    assert changed.sum(dim=(1, 2)).max() <= 144
    assert changed.sum(dim=(1, 2)).min() > 0


def test_jpeg_is_what_pillow_writes() -> None:
    import io

    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(0)
    rough = torch.from_numpy(rng.random((1, 3, 6, 6), dtype=np.float32))
    picture = torch.nn.functional.interpolate(rough, (44, 44), mode="bicubic").clamp(0, 1).mul(255).round()
    for quality in (10, 50, 90):
        buffer = io.BytesIO()
        pixels = picture[0].permute(1, 2, 0).byte().numpy()
        Image.fromarray(pixels).save(buffer, format="JPEG", quality=quality, subsampling=0)
        theirs = torch.from_numpy(np.array(Image.open(buffer))).permute(2, 0, 1).float()
        ours = policy({"name": "jpeg", "quality": [quality, quality]})(picture / 127.5 - 1)[0].add(1).mul(127.5)
        assert (ours - theirs).abs().mean() < 1.0
        assert (ours - picture[0]).abs().mean() > 1.5 * (ours - theirs).abs().mean()


def test_hair_darkens_some_of_the_skin_and_no_hair_none(images: torch.Tensor) -> None:
    skin = torch.full((50, 3, 64, 64), 0.6)
    hairy = policy({"name": "hair", "count": [5, 5], "width": [0.02, 0.02]})(skin)
    assert (hairy <= skin + 1e-6).all()
    covered = ((skin - hairy).amax(dim=1) > 0.2).float().mean(dim=(1, 2))
    assert 0.02 < float(covered.mean()) < 0.3
    assert torch.equal(policy({"name": "hair", "count": [0, 0], "width": [0.02, 0.02]})(skin), skin)


def test_mixing_mixes_targets_as_it_mixes_images() -> None:
    images = torch.cat([torch.full((20, 3, 8, 8), -1.0), torch.full((20, 3, 8, 8), 1.0)])
    targets = torch.tensor([0] * 20 + [1] * 20)
    for name in ("mixup", "cutmix"):
        augment = policy({"name": name, "alpha": 1.0})
        assert torch.equal(augment(images), images)  # only together with targets
        mixed, shares = augment.mix(images, targets, 3)
        torch.testing.assert_close(shares[:, 1] * 2 - 1, mixed.mean(dim=(1, 2, 3)), atol=1e-5, rtol=0)
        torch.testing.assert_close(shares.sum(dim=1), torch.ones(40))
        assert ((shares[:, 1] > 0.05) & (shares[:, 1] < 0.95)).any()


def test_without_mixing_targets_stay_as_they_are(images: torch.Tensor) -> None:
    targets = torch.arange(16) % 2
    mixed, same = policy({"name": "square"}).mix(images, targets, 2)
    assert mixed is images
    assert same is targets


class Views(Options):
    labeled: Policy
    other: ViewPolicy
    made: GanPolicy


@pytest.mark.parametrize(
    ("kind", "operations", "said"),
    [
        ("labeled", [{"name": "rotate", "degrees": [20, -20]}], "is reversed; write [lowest, highest]: [-20, 20]"),
        ("labeled", [{"name": "rotate", "degrees": [-20, 500]}], "should lie between -180 and 180"),
        ("labeled", [{"name": "turn", "degrees": [0, 1]}], "does not match any of the expected tags"),
        ("labeled", [{"name": "rotate"}], "Field required"),
        ("labeled", [{"name": "square", "probability": 0}], "greater than 0"),
        ("labeled", [{"name": "mixup", "alpha": 1}, {"name": "square"}], "put mixup and cutmix last"),
        ("other", [{"name": "mixup", "alpha": 1}], "mixes targets"),
        ("made", [{"name": "jpeg", "quality": [10, 20]}], "no useful gradient"),
        ("made", [{"name": "cutmix", "alpha": 1}], "mixes targets"),
    ],
)
def test_policies_that_make_no_sense_are_refused(kind: str, operations: list, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Views.model_validate({"labeled": [], "other": [], "made": [], kind: operations})
    assert said in str(caught.value)


def test_a_turn_keeps_what_is_even_even() -> None:
    """What reflection fills is no edge that tells the angle."""
    skin = torch.full((8, 3, 16, 16), 0.3)
    torch.testing.assert_close(policy({"name": "rotate", "degrees": [-180, 180]})(skin), skin)
