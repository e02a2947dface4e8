import logging

import pytest

from nevus.readers.matching import bare_id, match
from nevus.readers.names import sort_names
from tests.fakes import FakeSource

FILES = (
    "data/part_1/PAT_1.png",
    "data/part_2/PAT_2.png",
    "data/part_2/B\u00e9.JPG",
    "data/a/same.png",
    "data/b/same.png",
)


def found(*paths: object, files: tuple[str, ...] = FILES, folder: str = ".") -> list[str | None]:
    source = FakeSource({name: name.encode() for name in files})
    return match(source, paths, sort_names(files), folder=folder).files


@pytest.mark.parametrize(
    "before", ["", "./", "data/part_1/", "part_1\\", "C:\\Users\\me\\part_1\\", "/home/me/", "../"]
)
@pytest.mark.parametrize("name", ["PAT_1.png", "pat_1.PNG", "PAT_1", "PAT_1.jpg", "Pat_1.JPEG"])
def test_unique_image_is_found_however_its_path_is_written(before: str, name: str) -> None:
    assert found(before + name) == ["data/part_1/PAT_1.png"]


@pytest.mark.parametrize("path", ["Be\u0301.jpg", "be\u0301", "B\u00c9.jpg", "x/B\u00e9"])
def test_accents_and_case_do_not_matter(path: str) -> None:
    assert found(path) == ["data/part_2/B\u00e9.JPG"]


@pytest.mark.parametrize("path", ["gone.png", "PAT_", "PAT_11.png", "", "..", "/", "C:\\", None, 3, "data/part_1"])
def test_what_no_file_fits_is_not_found(path: object) -> None:
    assert found(path) == [None]


@pytest.mark.parametrize(
    ("path", "file"), [("a/same.png", "data/a/same.png"), ("D:\\x\\B\\SAME.png", "data/b/same.png")]
)
def test_longest_end_decides(path: str, file: str) -> None:
    assert found(path) == [file]


@pytest.mark.parametrize("path", ["img_1", "IMG_1", "img_1.jpg", "a/IMG_1.JPG", "Img_1"])
def test_of_files_that_differ_by_case_the_one_written_so_is_taken(path: str) -> None:
    files = ("a/img_1.jpg", "a/IMG_1.JPG")
    written = next((name for name in files if name.split(".")[0].endswith(path.split(".")[0])), None)
    assert found(path, files=files) == [written]


@pytest.mark.parametrize(
    "path",
    [
        *("a%20b.jpg", "x/a%20b", "a%20b.PNG", "https://host/x/a%20b.jpg", "https://host/a b.jpg?raw=1"),
        *("file:///C:/x/a%20b.jpg", "A B.jpg.jpg"),
    ],
)
def test_address_is_taken_apart_where_nothing_is_written_so(path: str) -> None:
    assert found(path, files=("data/a b.jpg", "data/c.jpg")) == ["data/a b.jpg"]


def test_what_is_written_so_comes_before_what_it_may_mean() -> None:
    assert found("a%20b.jpg", files=("data/a b.jpg", "data/a%20b.jpg")) == ["data/a%20b.jpg"]


@pytest.mark.parametrize(
    ("path", "file"), [("7.0", "x/7.jpg"), ("7,0", "x/7.jpg"), ("8.0", "x/8.0.jpg"), ("7.5", None)]
)
def test_number_of_a_column_with_gaps_is_whole(path: str, file: str | None) -> None:
    assert found(path, files=("x/7.jpg", "x/8.jpg", "x/8.0.jpg")) == [file]


@pytest.mark.parametrize("path", ["PAT_1", "PAT_1.jpg", "pat_1.jpg.jpg", "x/PAT_1.png"])
def test_suffix_that_was_written_twice_is_one(path: str) -> None:
    assert found(path, files=("a/PAT_1.jpg.jpg", "a/PAT_2.jpg")) == ["a/PAT_1.jpg.jpg"]


def test_ambiguity_names_the_files_unless_they_are_equal() -> None:
    source = FakeSource({name: name.encode() for name in FILES})
    matches = match(source, ["same"], sort_names(FILES))
    assert matches.files == [None]
    assert matches.rivals == {"same": ("data/a/same.png", "data/b/same.png")}
    equal = match(FakeSource(dict.fromkeys(FILES, b"")), ["same.png"], sort_names(FILES))
    assert equal.files == ["data/a/same.png"]
    assert (equal.rivals, equal.copies) == ({}, {"data/b/same.png": "data/a/same.png"})


def test_row_of_another_folder_does_not_take_the_file_of_a_row_that_names_it() -> None:
    files = ("test/1.jpg", "test/2.jpg")
    assert found("train/1.jpg", "test/1.jpg", files=files) == [None, "test/1.jpg"]
    assert found("C:\\x\\train\\1.jpg", "C:\\x\\test\\1.jpg", files=files) == [None, "test/1.jpg"]


def test_path_starts_at_the_table_before_the_source() -> None:
    files = ("x.jpg", "tables/x.jpg", "images/x.jpg")
    assert found("x.jpg", "../images/x.jpg", files=files, folder="tables") == ["tables/x.jpg", "images/x.jpg"]


def test_companion_is_found_only_where_a_row_names_it() -> None:
    files = ("images/x.jpg", "masks/x.png", "masks/y.png")
    assert found("x", "x.png", "masks/x.png", "y", files=files) == [
        "images/x.jpg",
        "images/x.jpg",
        "masks/x.png",
        "masks/y.png",
    ]


def test_rules_are_counted_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        found("PAT_1", "data/part_2/PAT_2.png", "x/b\u00e9")
    assert [record.message for record in caplog.records] == [
        "Rows matched with files: 2 by file name without suffix, 1 by exact path."
    ]


@pytest.mark.parametrize("text", ["ISIC_0000001", "ISIC_0000001.jpg", "isic_0000001.JPG", "a\\b/ISIC_0000001.png"])
def test_bare_id_has_no_folder_suffix_or_case(text: str) -> None:
    assert bare_id(text) == "ISIC_0000001"
    stem, dot, suffix = text.partition(".")
    assert bare_id(f"{stem}_Downsampled{dot}{suffix}") == "ISIC_0000001_downsampled"


@pytest.mark.parametrize("text", ["1", "ISIC_1.csv", "x.y"])
def test_other_ids_stay_as_they_are(text: str) -> None:
    assert bare_id(text) == text
    assert bare_id(None) is None
