import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
import torch
from kedro.io import DataCatalog, DatasetError
from matplotlib.figure import Figure

from nevus.io import files
from nevus.io.atomic import replacing
from nevus.io.figure import FigureDataset

OLD = 25 * 3600


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_the_file_is_there_at_the_end_and_nothing_beside_it(tmp_path):
    path = tmp_path / "deep" / "a.txt"
    with replacing(path) as beside:
        beside.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert names(path.parent) == ["a.txt"]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_what_fails_leaves_the_old_file(tmp_path, error):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(type(error)), replacing(path) as beside:
        beside.write_text("ha")
        raise error
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_two_writers_of_one_file_do_not_meet(tmp_path):
    path, both = tmp_path / "a.txt", threading.Barrier(2)

    def write(letter):
        with replacing(path) as beside, beside.open("w") as file:
            file.write(letter * 1000)
            both.wait(10)
            file.write(letter * 1000)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, "ab"))
    assert path.read_text() in ("a" * 2000, "b" * 2000)
    assert names(tmp_path) == ["a.txt"]


def test_only_what_was_forgotten_long_ago_is_removed(tmp_path):
    for name, age in {".a.txt.1.part": OLD, ".a.txt.2.part": 60, ".b.txt.3.part": OLD, "a.txt.part": OLD}.items():
        (tmp_path / name).write_text("half")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    with replacing(tmp_path / "a.txt") as beside:
        beside.write_text("whole")
    assert names(tmp_path) == [".a.txt.2.part", ".b.txt.3.part", "a.txt", "a.txt.part"]


def figure(width):
    return Figure(figsize=(width, 1))


KINDS = {
    "a.parquet": (files.ParquetDataset, {}, pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [2, 3]})),
    "a.csv": (files.CSVDataset, {"save_args": {"index": False}}, pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [2]})),
    "a.txt": (files.TextDataset, {}, "one", "another"),
    "a.safetensors": (files.SafetensorsDataset, {"backend": "torch"}, {"w": torch.ones(2)}, {"w": torch.zeros(3)}),
    "a.png": (FigureDataset, {"save_args": {"dpi": 10}}, figure(1), figure(2)),
}


@pytest.mark.parametrize("name", KINDS)
def test_datasets_replace_their_file_in_one_go(tmp_path, monkeypatch, name):
    kind, options, first, second = KINDS[name]
    path = tmp_path / "deep" / name
    dataset = kind(filepath=str(path), **options)
    dataset.save(first)
    before = path.read_bytes()
    with monkeypatch.context() as patched:

        def crash(*_):
            raise OSError("no space left")

        patched.setattr(os, "fsync", crash)  # after all has been written beside the file
        with pytest.raises(DatasetError, match=r"no space left") as caught:
            dataset.save(second)
    assert ".part" not in str(caught.value)
    assert path.read_bytes() == before
    assert names(path.parent) == [name]
    dataset.save(second)
    assert path.read_bytes() != before
    assert dataset.load() is not None


def test_the_parameters_beside_a_table_come_back(tmp_path):
    dataset = files.ParquetDataset(filepath=str(tmp_path / "a.parquet"))
    table = pd.DataFrame({"a": [1]})
    table.attrs["splits"] = {"seed": 1, "label_budget": None}
    dataset.save(table)
    assert dataset.load().attrs == table.attrs


def test_versions_of_a_file_are_kept_apart(tmp_path):
    entry = {"type": "nevus.io.files.TextDataset", "filepath": str(tmp_path / "a.txt"), "versioned": True}
    catalog = DataCatalog.from_config({"a": entry})
    catalog["a"].save("whole")
    assert catalog["a"].load() == "whole"
    [version] = names(tmp_path / "a.txt")
    assert names(tmp_path / "a.txt" / version) == ["a.txt"]
