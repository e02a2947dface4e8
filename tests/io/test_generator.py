"""Generators as folders that hold no code."""

import json

import pytest
import torch
from kedro.io import DatasetError

from nevus.contracts import NevusError, SavedGenerator
from nevus.io.generator import GeneratorDataset
from nevus.io.runs import FinishedGeneratorsDataset

SPEC = {"network": {"kind": "dcgan"}, "latent": 4, "size": 32, "classes": ["benign", "melanoma"], "conditional": False}


@pytest.fixture
def generator() -> SavedGenerator:
    return SavedGenerator({"w": torch.ones(2)}, {"w": torch.zeros(2)}, dict(SPEC), {"method": "synthesis"})


@pytest.fixture
def saved(tmp_path, generator) -> GeneratorDataset:
    dataset = GeneratorDataset(filepath=str(tmp_path / "synthesis/seed0/generator"))
    dataset.save(generator)
    return dataset


def test_what_is_saved_is_loaded_again_and_nothing_is_pickled(saved, generator, tmp_path):
    loaded = saved.load()
    assert torch.equal(loaded.weights["w"], generator.weights["w"])
    assert torch.equal(loaded.last["w"], generator.last["w"])
    assert loaded.spec == {"version": 1, **SPEC}
    assert loaded.record == saved.record() == {"method": "synthesis"}
    files = {file.name for file in (tmp_path / "synthesis/seed0/generator").iterdir()}
    assert files == {"weights.safetensors", "last.safetensors", "spec.json", "record.json"}


def test_a_generator_takes_the_place_of_an_older_one_as_a_whole(saved, generator, tmp_path):
    saved.save(generator._replace(weights={"other": torch.ones(1)}))
    assert list(saved.load().weights) == ["other"]
    assert [path.name for path in (tmp_path / "synthesis/seed0").iterdir()] == ["generator"]


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("spec.json", None, "there is no generator"),
        ("spec.json", "{", "no JSON"),
        ("spec.json", "[]", "no settings"),
        ("spec.json", json.dumps({**SPEC, "version": 99}), "version 99"),
        ("spec.json", json.dumps({"version": 1, "size": 32}), "does not say network, latent"),
        ("weights.safetensors", "no weights", "cannot be read"),
        ("last.safetensors", None, "cannot be read"),
    ],
)
def test_a_damaged_folder_is_refused_in_a_sentence(saved, tmp_path, file, content, said):
    path = tmp_path / "synthesis/seed0/generator" / file
    if content is None:
        path.unlink()
    else:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(DatasetError, match=said) as raised:
        saved.load()
    assert isinstance(raised.value.__cause__, NevusError)


def test_finished_generators_are_found_by_the_names_of_their_runs(saved, tmp_path):
    found = FinishedGeneratorsDataset(filepath=str(tmp_path)).load()
    assert list(found) == ["synthesis/seed0"]
    assert found["synthesis/seed0"]().spec["latent"] == 4
    assert FinishedGeneratorsDataset(filepath=str(tmp_path / "none")).load() == {}
