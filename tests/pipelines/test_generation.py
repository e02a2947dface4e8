"""Finished generators make images for other trainings."""

import numpy as np
import pytest
import torch
from torch import nn

from nevus.contracts import NevusError, SavedGenerator
from nevus.networks import saved_generator
from nevus.networks.build import build
from nevus.networks.options import DcganOptions
from nevus.networks.saved_generator import describe_generator
from nevus.pipelines.generation.nodes import draw_ways, generate_images, read_generator
from nevus.pipelines.generation.params import GenerateParams

OPTIONS = DcganOptions(kind="dcgan", latent=4, width=4, depth=3, conditional=False, resize=None, upsample="resize")
RUN = "synthesis/seed0"


@pytest.fixture(scope="module")
def generator() -> SavedGenerator:
    torch.manual_seed(0)
    best, last = (build(OPTIONS, classes=2, size=32).state_dict() for _ in range(2))
    spec = describe_generator(OPTIONS, classes=("benign", "melanoma"), size=32)
    return SavedGenerator(best, last, spec, {"method": "synthesis", "parameters": {"synthesis": {"only": None}}})


class Grey(nn.Module):
    """Makes images as grey as their class, or as the first number of their latent vector."""

    def forward(self, latent, labels=None):
        grey = latent[:, 0] if labels is None else labels.float()
        return grey.clamp(-1, 1).view(-1, 1, 1, 1).expand(-1, 3, 32, 32)


@pytest.fixture
def grey(generator, monkeypatch) -> SavedGenerator:
    monkeypatch.setattr(saved_generator, "restore_generator", lambda *_: Grey())
    return generator


@pytest.fixture
def conditional(grey) -> SavedGenerator:
    return grey._replace(spec={**grey.spec, "conditional": True})


def params_of(**how) -> GenerateParams:
    plain = {"model": RUN, "weights": "best", "images": 12, "classes": None, "truncation": None}
    return GenerateParams.model_validate({**plain, "ways": 2, "steps": 3, "device": "cpu", **how})


def test_images_come_with_a_table_that_names_them(generator):
    pixels, table = generate_images(generator, params_of(), 0)
    assert pixels.shape == (12, 32, 32, 3)
    assert table["file"].tolist()[::11] == ["images/00.png", "images/11.png"]
    assert set(table["label"]) == {""}
    assert set(table["generator"]) == {RUN}


def test_the_same_seed_makes_the_same_images_and_more_of_them_begin_alike(grey):
    few, _ = generate_images(grey, params_of(images=3), 0)
    many, _ = generate_images(grey, params_of(), 0)
    other, _ = generate_images(grey, params_of(), 1)
    np.testing.assert_array_equal(few, many[:3])
    assert (many != other).any()


def test_truncated_images_differ_less(grey):
    greys = generate_images(grey, params_of(images=64, truncation=0.1), 0)[0][:, 0, 0, 0].astype(int)
    assert abs(greys - 128).max() <= 13
    assert np.ptp(generate_images(grey, params_of(images=64), 0)[0][:, 0, 0, 0].astype(int)) > 200


def test_the_last_weights_can_be_asked_for(generator):
    read = read_generator({RUN: lambda: generator}, params_of(weights="last"))
    assert read.weights is generator.last


def test_images_of_one_class_carry_its_name(generator):
    one = generator._replace(record={"method": "synthesis", "parameters": {"synthesis": {"only": "melanoma"}}})
    assert set(generate_images(one, params_of(), 0)[1]["label"]) == {"melanoma"}


def test_classes_come_in_turn_or_as_they_are_asked_for(conditional):
    pixels, table = generate_images(conditional, params_of(images=4), 0)
    assert table["label"].tolist() == ["benign", "melanoma", "benign", "melanoma"]
    assert pixels[:, 0, 0, 0].tolist() == [128, 255, 128, 255]
    assert set(generate_images(conditional, params_of(classes=["melanoma"]), 0)[1]["label"]) == {"melanoma"}
    assert draw_ways(conditional, params_of(), 0).axes


def test_ways_are_drawn(generator):
    assert draw_ways(generator, params_of(), 0).axes


@pytest.mark.parametrize(
    ("how", "told", "said"),
    [
        ({"model": "synthesis/seed1"}, False, r"no finished run 'synthesis/seed1'; did you mean 'synthesis/seed0'\?"),
        ({"classes": ["melanoma"]}, False, "is not told the class"),
        ({"classes": ["naevus"]}, True, "asks for naevus, but synthesis/seed0 knows benign, melanoma"),
    ],
)
def test_what_cannot_be_made_is_refused(generator, how, told, said):
    asked = generator._replace(spec={**generator.spec, "conditional": told})
    with pytest.raises(NevusError, match=said):
        read_generator({RUN: lambda: asked}, params_of(**how))
