"""Classifiers that were saved by earlier versions; the files in `saved` are never made anew, only added to."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from nevus.contracts import NevusError
from nevus.networks.build import KINDS, build, describe, restore
from nevus.networks.discriminators import build_discriminator
from nevus.networks.options import ResidualOptions
from nevus.networks.spec import VERSION, upgrade
from nevus.training.prediction import predict_probabilities
from nevus.training.runtime import prediction_runtime
from tests.networks.test_networks import NOTHING, options

SAVED = sorted(path.parent for path in (Path(__file__).parent / "saved").glob("*/spec.json"))


def read(folder: Path):
    return json.loads((folder / "spec.json").read_text()), load_file(folder / "weights.safetensors")


FIRST = [folder for folder in SAVED if "version" not in read(folder)[0]]


@pytest.mark.parametrize("folder", SAVED, ids=lambda folder: folder.name)
def test_yesterdays_classifier_gives_yesterdays_probabilities(folder):
    spec, weights = read(folder)
    images = np.random.default_rng(7).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    found = predict_probabilities(
        restore(spec, weights), images, average_d4=spec["average_d4"], runtime=prediction_runtime("cpu")
    )
    np.testing.assert_allclose(found, np.load(folder / "probabilities.npy"), atol=1e-6)


@pytest.mark.parametrize(
    "folder", [path for path in SAVED if "version" not in read(path)[0]], ids=lambda path: path.name
)
def test_the_code_inside_the_first_saved_models_calls_what_it_knew(folder):
    spec, weights = read(folder)
    network = build_discriminator(spec["network"], classes=len(spec["classes"]), size=spec["size"])
    network.load_state_dict(weights)
    images = np.random.default_rng(7).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    found = predict_probabilities(network, images, average_d4=bool(spec["average_d4"]))
    np.testing.assert_allclose(found, np.load(folder / "probabilities.npy"), atol=1e-5)


def test_all_versions_of_the_format_are_among_the_saved():
    assert {read(folder)[0].get("version", 1) for folder in SAVED} == set(range(1, VERSION + 1))


def test_an_old_spec_is_brought_up_to_date_and_a_new_one_left_as_it_is():
    old = {"network": {"architecture": "plain", "width": 4}, "size": 16, "classes": ["a", "b"], "average_d4": True}
    new = upgrade(old)
    assert new["network"] == {"kind": "plain", "width": 4, **NOTHING}
    assert (new["version"], new["requirements"]) == (VERSION, [])
    assert upgrade(new) == new
    assert "architecture" in old["network"]  # what was handed in is not changed


def test_a_spec_of_a_later_version_asks_for_a_later_nevus():
    with pytest.raises(NevusError, match="Update nevus"):
        upgrade({"version": VERSION + 1, "network": {}})


def test_what_describes_a_network_builds_it_again():
    settings = ResidualOptions.model_validate(options(normalisation="sample", resize=24, dropout=0.5))
    network = build(settings, classes=3, size=32).eval()
    spec = json.loads(json.dumps(describe(settings, classes=["a", "b", "c"], size=32, average_d4=False)))
    images = torch.randn(2, 3, 32, 32)
    restored = restore(spec, dict(network.state_dict()))
    assert not restored.training
    assert torch.equal(restored(images), network(images))


def test_a_spec_names_what_its_kind_of_network_has_to_have_installed(monkeypatch):
    settings = ResidualOptions.model_validate(options())
    named = {"classes": ["a", "b"], "size": 32, "average_d4": False}
    assert describe(settings, **named)["requirements"] == []
    monkeypatch.setitem(KINDS, "residual", KINDS["residual"]._replace(requirements=("timm",)))
    assert describe(settings, **named)["requirements"] == ["timm"]
