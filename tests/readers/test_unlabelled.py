"""Images that nobody has labelled: files, a table of paths, shards."""

import gzip
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from nevus.contracts import SourceError
from nevus.io.listed_files import ListedFiles
from nevus.io.raw_files import FolderSource, ZipSource
from nevus.readers.unlabelled import read
from nevus.tfrecord.example import encode
from nevus.tfrecord.framing import frame
from tests.fakes import fake_jpeg, write_folder, write_zip


@dataclass
class Named:
    """A source with these names."""

    listed: list[str]
    fingerprint: str = ""

    def names(self) -> list[str]:
        return self.listed

    def read(self, names):
        return [b"" for _ in names]


def table(folder: Path, text: str, name: str = "images.csv"):
    (folder / name).write_text(text)
    return read(ListedFiles(folder, name)).records


def test_files_are_sorted_by_name_and_called_without_what_all_have_in_common():
    records = read(Named(["all/test/b.jpg", "all/test/a.png", "all/more/a.jpg", "all/notes.txt"])).records
    assert records["file"].tolist() == ["all/more/a.jpg", "all/test/a.png", "all/test/b.jpg"]
    assert records["image_id"].tolist() == ["more/a", "test/a", "test/b"]
    assert records["reason"].isna().all()
    assert read(Named(["x/ISIC_1.jpg", "x/ISIC_2.jpg"])).records["image_id"].tolist() == ["ISIC_1", "ISIC_2"]


def test_a_suffix_stays_where_it_tells_two_images_apart():
    assert read(Named(["a.jpg", "a.png", "b.jpg"])).records["image_id"].tolist() == ["a.jpg", "a.png", "b"]


def test_images_that_are_not_read_keep_their_row_with_a_reason():
    records = read(Named(["a.jpg", "b.heic", "c.dcm", "../d.jpg"])).records.set_index("file")
    assert records.loc["b.heic", "reason"].startswith("HEIC photograph")
    assert records.loc["c.dcm", "reason"].startswith("DICOM file")
    assert records.loc["../d.jpg", "reason"].startswith("name leads out")
    assert records.loc["a.jpg", "reason"] is None


def test_masks_hidden_copies_and_what_systems_leave_behind_are_no_images():
    names = ["ISIC_1.jpg", "ISIC_1_segmentation.png", ".ipynb_checkpoints/ISIC_1.jpg", "__MACOSX/._ISIC_1.jpg"]
    assert read(Named(names)).records["file"].tolist() == ["ISIC_1.jpg"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "found none among 0 files"),
        (["readme.txt", "notes.md"], "found none among 2 files. Name the folder"),
        (["images.tar.gz"], "Unpack the archives"),
    ],
)
def test_nothing_to_score_is_said_with_what_helps(names, said):
    with pytest.raises(SourceError, match=said):
        read(Named(names))


def test_a_table_gives_paths_names_and_details_in_its_order(tmp_path):
    records = table(tmp_path, "Path;image_name;sex;age_approx\nb.jpg;B;f;45\n/x/a.jpg;A;;\n;C;m;70\n")
    assert records["file"].tolist() == ["b.jpg", "/x/a.jpg", ""]
    assert records["image_id"].tolist() == ["B", "A", "C"]
    assert records["reason"].tolist() == [None, None, "row names no file"]
    assert records["age"].tolist()[::2] == [45, 70]
    assert records["sex"].tolist() == ["female", None, "male"]


def test_a_table_of_ids_names_files_by_them(tmp_path):
    records = table(tmp_path, "image_name,patient_id\nISIC_2,p\nISIC_1,p\n")
    assert records["file"].tolist() == records["image_id"].tolist() == ["ISIC_2", "ISIC_1"]


def test_a_table_without_paths_names_its_columns(tmp_path):
    with pytest.raises(SourceError, match=r"wants a column with the paths.*has the columns lesion, age"):
        table(tmp_path, "lesion,age\n1,2\n")


def test_a_table_in_the_place_of_which_lies_something_else_is_refused(tmp_path):
    with pytest.raises(SourceError, match="web page"):
        table(tmp_path, "<!doctype html><html></html>")


def shard(images: list[dict[str, bytes]]) -> bytes:
    return b"".join(frame(encode(one)) for one in images)


def test_records_of_shards_come_in_their_order_and_are_read(tmp_path):
    jpegs = [fake_jpeg(seed) for seed in range(3)]
    content = shard([{"image": jpeg, "image_name": b"ISIC_%d" % n} for n, jpeg in enumerate(jpegs)])
    write_folder(
        tmp_path, {"test01-3.tfrec": content, "test00-1.tfrec.gz": gzip.compress(shard([{"image": jpegs[0]}]))}
    )
    found = read(FolderSource(tmp_path))
    assert found.records["image_id"].tolist() == ["test00-1.tfrec.gz#0", "ISIC_0", "ISIC_1", "ISIC_2"]
    assert found.source.read(found.records["file"].tolist()) == [jpegs[0], *jpegs]


def test_one_shard_may_be_named_and_its_damaged_records_keep_their_rows(tmp_path):
    good, bad = shard([{"image": fake_jpeg(0)}]), bytearray(shard([{"image": fake_jpeg(1)}]))
    bad[20] ^= 255
    (tmp_path / "mine.tfrecord").write_bytes(good + bytes(bad) + shard([{"label": b"x"}]) + good)
    records = read(ListedFiles(tmp_path, "mine.tfrecord")).records
    assert [reason and reason.partition(":")[0] for reason in records["reason"]] == [
        None,
        "wrong checksum of the data of a record",
        "record is not of this schema",
        None,
    ]


def test_shards_without_images_are_refused(tmp_path):
    (tmp_path / "a.tfrec").write_bytes(shard([{"label": b"x"}]))
    with pytest.raises(SourceError, match=r"encoded image in one of the features image, .*it holds label"):
        read(FolderSource(tmp_path))


def test_an_archive_is_listed_as_a_folder_is(tmp_path):
    files = {"top/a.jpg": fake_jpeg(0), "top/b.jpg": fake_jpeg(1)}
    zipped, folder = write_zip(tmp_path / "x.zip", files), tmp_path / "folder"
    write_folder(folder, files)
    pd.testing.assert_frame_equal(read(ZipSource(zipped)).records, read(FolderSource(folder)).records)
