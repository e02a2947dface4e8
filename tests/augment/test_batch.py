import math

import pytest
import torch

from nevus.augment.batch import BatchAugment, affine, square_symmetries
from nevus.augment.options import AugmentOptions

NOTHING = {
    "flip": False,
    "rotation": 0,
    "scale": 0,
    "shear": 0,
    "translation": 0,
    "brightness": 0,
    "contrast": 0,
    "saturation": 0,
    "cutout": 0,
}


def augment(**changes):
    return BatchAugment(AugmentOptions.model_validate({**NOTHING, **changes}))


@pytest.fixture
def images():
    return torch.rand(16, 3, 8, 8, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_nothing_switched_on_changes_nothing(images):
    assert torch.equal(augment()(images), images)


def test_flips_give_exactly_the_eight_symmetries(images):
    image = images[:1]
    eight = [torch.rot90(flipped, k, dims=(2, 3)) for flipped in (image, image.flip(3)) for k in range(4)]
    torch.manual_seed(0)
    seen = set()
    for view in augment(flip=True)(image.repeat(200, 1, 1, 1)):
        errors = torch.stack([(view - one[0]).abs().max() for one in eight])
        assert errors.min() < 1e-4
        seen.add(int(errors.argmin()))
    assert seen == set(range(8))


def test_symmetries_keep_areas():
    torch.manual_seed(0)
    torch.testing.assert_close(torch.linalg.det(square_symmetries(50, torch.device("cpu"))).abs(), torch.ones(50))


def test_a_quarter_turn_by_angle_is_a_quarter_turn(images):
    matrix = affine(
        angle=torch.full((16,), math.pi / 2), scale=torch.ones(16), shear=torch.zeros(16), shift=torch.zeros(16, 2)
    )
    grid = torch.nn.functional.affine_grid(matrix, list(images.shape), align_corners=False)
    turned = torch.nn.functional.grid_sample(images, grid, align_corners=False)
    clockwise, counter = torch.rot90(images, -1, dims=(2, 3)), torch.rot90(images, 1, dims=(2, 3))
    assert min((turned - clockwise).abs().max(), (turned - counter).abs().max()) < 1e-4


def test_brightness_shifts_all_channels_alike_and_within_its_limit(images):
    torch.manual_seed(0)
    change = augment(brightness=0.1)(images) - images
    assert change.abs().max() <= 0.2 + 1e-6
    assert change.std(dim=(1, 2, 3)).max() < 1e-6
    assert change.mean(dim=(1, 2, 3)).unique().numel() == 16


def test_contrast_keeps_the_mean_and_saturation_keeps_grey(images):
    torch.manual_seed(0)
    torch.testing.assert_close(augment(contrast=0.5)(images).mean(dim=(1, 2, 3)), images.mean(dim=(1, 2, 3)))
    torch.testing.assert_close(augment(saturation=0.5)(images).mean(dim=1), images.mean(dim=1))


def test_cutout_covers_a_square_of_the_asked_size_at_most(images):
    torch.manual_seed(0)
    changed = (augment(cutout=0.5)(images) - images).abs().amax(dim=1) > 1e-6
    assert changed.sum(dim=(1, 2)).max() <= 16
    assert changed.sum(dim=(1, 2)).min() > 0


def test_gradients_reach_the_images_through_every_change(images):
    images.requires_grad_(True)
    everything = augment(
        flip=True, rotation=20, scale=0.2, shear=5, translation=0.1, brightness=0.1, contrast=0.1, saturation=0.1
    )
    everything(images).square().sum().backward()
    assert torch.isfinite(images.grad).all()
    assert (images.grad.abs().sum(dim=(1, 2, 3)) > 0).all()


def test_every_image_gets_a_draw_of_its_own(images):
    torch.manual_seed(0)
    same = augment(rotation=180)(images[:1].repeat(8, 1, 1, 1))
    assert (same[1:] - same[:1]).abs().amax(dim=(1, 2, 3)).min() > 1e-3
