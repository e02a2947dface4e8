import numpy as np
import pytest
from kedro.io import DatasetError

from nevus.io.array import ArrayDataset


def test_arrays_come_back_as_they_were_and_read_only(tmp_path):
    dataset = ArrayDataset(filepath=str(tmp_path / "deep" / "a.npy"))
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    dataset.save(array)
    assert dataset.exists()
    loaded = dataset.load()
    assert np.array_equal(loaded, array)
    with pytest.raises(ValueError, match="read-only"):
        loaded[0] = 0


def test_a_failed_save_leaves_the_old_array(tmp_path, monkeypatch):
    dataset = ArrayDataset(filepath=str(tmp_path / "a.npy"))
    dataset.save(np.zeros(3))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(DatasetError, match="No space left"):
        dataset.save(np.ones(3))
    assert np.array_equal(dataset.load(), np.zeros(3))
