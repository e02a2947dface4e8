import numpy as np

from nevus.contracts import Classifier
from nevus.io.description import DescriptionDataset


def test_spec_and_record_come_back_without_weights(tmp_path):
    dataset = DescriptionDataset(filepath=str(tmp_path / "runs" / "description.json"))
    assert not dataset.exists()
    spec, record = {"classes": ["benign", "melanoma"], "threshold": 0.3}, {"method": "external", "seed": 0}
    dataset.save(Classifier({}, spec, np.empty((0, 8, 8, 3), np.uint8), record))
    found = dataset.load()
    assert (found.weights, found.spec, found.record) == ({}, spec, record)
    assert dataset.record() == record
