"""Images to be scored, as somebody hands them in."""

import pickle

import pytest
from kedro.io import DatasetError, MemoryDataset

from nevus.contracts import SourceError
from nevus.io.catalog import Catalog
from nevus.io.images import ImagesDataset
from nevus.io.later import LaterDataset
from nevus.io.listed_files import ListedFiles
from nevus.io.raw_files import FolderSource, ZipSource
from nevus.quarantine import SetAsideError
from tests.fakes import fake_jpeg, write_zip


def test_nobody_has_to_name_images():
    assert ImagesDataset(filepath=None).load() is None


def test_folders_and_archives_are_what_they_are_for_a_source(tmp_path):
    (tmp_path / "a.jpg").write_bytes(fake_jpeg(0))
    assert isinstance(ImagesDataset(filepath=str(tmp_path)).load(), FolderSource)
    zipped = write_zip(tmp_path / "x.zip", {"a.jpg": fake_jpeg(0)})
    assert isinstance(ImagesDataset(filepath=str(zipped)).load(), ZipSource)


@pytest.mark.parametrize("name", ["images.csv", "test00-1.tfrec", "a.jpg"])
def test_one_file_is_the_only_one(tmp_path, name):
    (tmp_path / name).write_bytes(b"content")
    (tmp_path / "other.jpg").write_bytes(fake_jpeg(0))
    found = ImagesDataset(filepath=str(tmp_path / name)).load()
    assert found.names() == [name]
    assert found.read([name, "other.jpg"])[1] == fake_jpeg(0)


def test_a_path_that_leads_nowhere_or_to_nothing_is_said(tmp_path):
    for path, said in (("nowhere", "nothing is there"), (".", "it holds no files"), ("torn.zip", "is not a zip")):
        (tmp_path / "torn.zip").unlink(missing_ok=True)
        if path == "torn.zip":
            (tmp_path / path).write_bytes(b"none")
        with pytest.raises(DatasetError) as raised:
            ImagesDataset(filepath=str(tmp_path / path)).load()
        assert isinstance(raised.value.__cause__, SourceError)
        assert said in str(raised.value.__cause__)
        assert "a table of paths" in str(raised.value.__cause__)


def test_listed_paths_may_lead_anywhere_and_leave_out_a_suffix(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    for number, folder in enumerate((here, there)):
        folder.mkdir()
        (folder / "a.jpg").write_bytes(bytes([number]))
    source = pickle.loads(pickle.dumps(ListedFiles(here, "list.csv")))
    names = ["a.jpg", "a", "../there/a.jpg", str(there / "a"), "..\\there\\a.jpg"]
    assert source.read(names) == [b"\0", b"\0", b"\1", b"\1", b"\1"]


def test_listed_paths_that_are_no_file_or_several_are_refused(tmp_path):
    for name in ("a.jpg", "a.png"):
        (tmp_path / name).write_bytes(b"")
    source = ListedFiles(tmp_path, "list.csv")
    with pytest.raises(SetAsideError, match=r"no such file: b\.jpg"):
        source.read(["b.jpg"])
    with pytest.raises(SourceError, match=r"several files are meant by 'a': a\.jpg, a\.png"):
        source.read(["a"])
    with pytest.raises(SourceError, match="no file named"):
        source.read(["."])


def test_another_dataset_is_loaded_when_it_is_asked_for():
    catalog = Catalog({"source": MemoryDataset(), "later": LaterDataset(of="source")})
    load = catalog.load("later")
    with pytest.raises(DatasetError):  # it has no data yet: so nothing was loaded before
        load()
    catalog.save("source", 3)
    assert load() == 3
    with pytest.raises(DatasetError, match="save to that"):
        catalog.save("later", 3)
    with pytest.raises(DatasetError, match=r"nevus\.io\.catalog"):
        LaterDataset(of="source").load()()
