"""The images that finished runs were trained on."""

from pathlib import Path

import pytest
from kedro.io import DatasetError

from nevus.io import training_images
from nevus.io.training_images import TrainingImagesDataset


def test_each_run_has_its_own_assignment_and_nested_ones_that_of_their_method(monkeypatch):
    class Opened:
        def __init__(self, *, filepath: str, assignment: dict, splits: list[str]) -> None:
            self.path = assignment["filepath"]
            assert (filepath, splits) == ("/packed", ["labeled", "unlabeled"])

        def load(self) -> str:
            return self.path

    monkeypatch.setattr(training_images, "CorpusDataset", Opened)
    find = TrainingImagesDataset(filepath="/packed", assignments={"filepath": "/a"}).load()
    assert find("supervised-wide/seed3") == str(Path("/a/supervised-wide/seed3/assignment.parquet"))
    assert find("ladder.gan/seed0") == find("ladder/seed0")
    assert find("ladder.gan-wide/seed0") == find("ladder-wide/seed0")


def test_images_that_are_not_here_are_none_and_nothing_is_saved(tmp_path):
    dataset = TrainingImagesDataset(filepath=str(tmp_path / "no"), assignments={"filepath": str(tmp_path)})
    assert dataset.load()("supervised/seed0") is None
    with pytest.raises(DatasetError, match="packed@recipe"):
        dataset.save(lambda run: None)
