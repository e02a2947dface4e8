import json

import pytest
from kedro.io import DatasetError

from nevus.io.classes import ClassesDataset
from nevus.io.corpus import CorpusDataset
from tests.io.test_corpus import Recipe


def test_the_names_of_the_classes_are_read_without_the_pixels(tmp_path):
    path = tmp_path / "corpus"
    CorpusDataset(filepath=str(path)).save(Recipe().made())
    state = json.loads((path / "fingerprint.json").read_text())
    (path / "fingerprint.json").write_text(json.dumps(state | {"classes": ["nv", "mel", "bcc"]}))
    dataset = ClassesDataset(filepath=str(path))
    assert dataset.exists()
    (path / "pixels.npy").write_bytes(bytes((path / "pixels.npy").stat().st_size))  # no array: opening it would fail
    assert dataset.load() == ("nv", "mel", "bcc")


def test_without_a_corpus_it_says_how_to_make_one(tmp_path):
    dataset = ClassesDataset(filepath=str(tmp_path / "corpus"))
    assert not dataset.exists()
    with pytest.raises(DatasetError, match="kedro run --pipeline=ingestion"):
        dataset.load()
