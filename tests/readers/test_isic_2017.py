import re
from pathlib import Path
from typing import Literal

import pytest

from nevus.contracts import QUARANTINE_COLUMNS, SPLITS, Listing, Source, SourceError
from nevus.io.raw_files import FolderSource, ZipSource
from nevus.quarantine import losses
from nevus.readers import isic_2017
from nevus.readers.options import Isic2017Options
from tests.fakes import FakeSource, write_folder, write_zip
from tests.readers.fake_challenges import csv_bytes, isic_2017_files

Task = Literal["melanoma", "seborrheic_keratosis"]
TRUTH = "ISIC-2017_Training_Part3_GroundTruth.csv"
METADATA = "ISIC-2017_Training_Data/ISIC-2017_Training_Data_metadata.csv"
TEST_TRUTH = "ISIC-2017_Test_v2_Part3_GroundTruth.csv"
HEADER = "image_id,melanoma,seborrheic_keratosis"


def read(source: Source | None, task: Task = "melanoma") -> Listing:
    return isic_2017.read(source, Isic2017Options(task=task), size=32)


def _list(files: dict[str, bytes], task: Task = "melanoma") -> Listing:
    return read(FakeSource(files), task)


def _quarantine(files: dict[str, bytes]) -> dict[str, str]:
    table = _list(files).quarantine
    assert tuple(table.columns) == QUARANTINE_COLUMNS
    return dict(table.itertuples(index=False))


def _with_rows(*rows: str) -> dict[str, bytes]:
    """The fake training release with more rows in its ground truth, of ids 0000100 and on, and two images for them."""
    files = isic_2017_files(6, 0, 0)
    files[TRUTH] += "".join(row + "\n" for row in rows).encode()
    return files | {f"ISIC-2017_Training_Data/ISIC_{number:07d}.jpg": b"" for number in (100, 101)}


@pytest.mark.parametrize(("task", "positive"), [("melanoma", 40), ("seborrheic_keratosis", 0)])
def test_real_sample_is_listed_and_its_mangled_copies_are_set_aside(
    sample_data: Path, task: Task, positive: int
) -> None:
    listing = read(FolderSource(sample_data / "isic2017"), task)
    assert listing.records["split"].value_counts().to_dict() == {"labeled": 120}
    assert listing.records["label"].sum() == positive
    assert listing.records["diagnosis"].value_counts().to_dict() == {"nevus": 80, "melanoma": 40}
    kinds = listing.quarantine["reason"].str.split(":").str[0].value_counts().to_dict()
    assert kinds == {"row without a file": 1880 + 150, "table mangled by a spreadsheet": 2}


def test_real_metadata_is_joined(sample_data: Path) -> None:
    records = read(FolderSource(sample_data / "isic2017")).records.set_index("image_id")
    assert records.loc["ISIC_0000000", ["age", "sex"]].tolist() == [55.0, "female"]
    assert records.loc["ISIC_0000002", ["age", "sex", "diagnosis"]].tolist() == [60.0, "female", "melanoma"]
    assert set(records["sex"].dropna()) == {"female", "male"}


def test_real_mangled_tables_alone_are_refused(sample_data: Path) -> None:
    folder = sample_data / "isic2017" / "mangled_by_a_spreadsheet"
    with pytest.raises(SourceError, match=f"{TRUTH} was mangled by a spreadsheet: 2,000 of its 2,000 rows") as caught:
        read(FolderSource(folder))
    assert "'1'" in str(caught.value)
    assert "Fetch the original table again" in str(caught.value)


def test_releases_become_splits_in_order() -> None:
    listing = _list(isic_2017_files(6, 3, 3))
    assert listing.records["split"].tolist() == ["labeled"] * 6 + ["validation"] * 3 + ["test"] * 3
    assert set(listing.records["split"]) <= set(SPLITS)
    assert listing.records["image_id"].is_unique
    assert listing.quarantine.empty
    assert set(listing.records["source"]) == {"ISIC 2017"}


def test_releases_that_are_absent_are_simply_absent() -> None:
    listing = _list(isic_2017_files(6, 0, 3))
    assert listing.records["split"].value_counts().to_dict() == {"labeled": 6, "test": 3}
    assert listing.quarantine.empty


@pytest.mark.parametrize(
    ("task", "labels", "classes"),
    [
        ("melanoma", [1, 0, 0], ("other", "melanoma")),
        ("seborrheic_keratosis", [0, 1, 0], ("other", "seborrheic keratosis")),
    ],
)
def test_task_chooses_what_is_looked_for(task: Task, labels: list[int], classes: tuple[str, str]) -> None:
    listing = _list(isic_2017_files(3, 0, 0), task)
    assert listing.records["label"].tolist() == labels
    assert listing.classes == classes
    assert listing.records["diagnosis"].tolist() == ["melanoma", "seborrheic keratosis", "nevus"]
    assert listing.records[["group_id", "site"]].isna().all(axis=None)


@pytest.mark.parametrize("values", ["1,0", "1.0,0.0", '"1,0","0,0"', "True,False", "TRUE,FALSE"])
def test_ground_truth_may_be_written_as_floats_with_either_decimal_sign_or_as_truth_values(values: str) -> None:
    assert _list(_with_rows(f"ISIC_0000100,{values}")).records["label"].tolist()[-1] == 1


def test_unknown_age_and_sex_are_null() -> None:
    records = _list(isic_2017_files(3, 0, 0)).records
    assert records["age"].isna().tolist() == [True, False, False]
    assert records["age"].tolist()[1:] == [40.0, 85.0]
    assert records["sex"].tolist() == ["male", "female", "male"]


def test_without_metadata_age_and_sex_are_null() -> None:
    listing = _list(isic_2017_files(3, 3, 3, metadata=False))
    assert listing.records[["age", "sex"]].isna().all(axis=None)
    assert listing.quarantine.empty


def test_zip_and_folder_give_the_same_records(tmp_path: Path) -> None:
    files = isic_2017_files(top="ISIC 2017/")
    packed = read(ZipSource(write_zip(tmp_path / "a.zip", files)))
    assert packed.records.equals(read(FolderSource(write_folder(tmp_path / "a", files))).records)
    assert len(packed.records) == 12


@pytest.mark.parametrize(
    "name",
    [
        "ISIC-2017_Training_Data/ISIC_0000000_superpixels.png",
        "ISIC-2017_Training_Part1_GroundTruth/ISIC_0000000_segmentation.png",
        "ISIC-2017_Training_Part2_GroundTruth/ISIC_0000000_features.json",
        "ISIC-2017_Training_Part1_GroundTruth.zip",
        "__MACOSX/ISIC-2017_Training_Data/._ISIC_0000000.jpg",
    ],
)
def test_known_companions_are_passed_over(name: str) -> None:
    aside = _list(isic_2017_files() | {name: b""}).quarantine
    assert losses(aside).empty


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ISIC-2017_Training_Data/ISIC_0009999.jpg", "file without a row"),
        ("ISIC-2017_Training_Data/ISIC_12.jpg", "wrong name"),
        ("ISIC-2017_Training_Data.zip", "archive"),
        ("notes.txt", "beside the images"),
        ("../ISIC_0009999.jpg", "leads out"),
        ("../ISIC_0000000_superpixels.png", "leads out"),
    ],
)
def test_other_files_are_quarantined_with_a_reason(name: str, reason: str) -> None:
    quarantine = _quarantine(isic_2017_files() | {name: b""})
    assert list(quarantine) == [name]
    assert reason in quarantine[name]


def test_equal_files_of_one_id_leave_one_image_and_different_ones_none() -> None:
    files, image = isic_2017_files(), "ISIC-2017_Training_Data/ISIC_0000000.jpg"
    assert "equal copy" in _quarantine(files | {"copy/ISIC_0000000.JPG": files[image]})["copy/ISIC_0000000.JPG"]
    different = files | {"smaller/ISIC_0000000.jpg": b"smaller"}
    kinds = {file: reason.partition(":")[0] for file, reason in _quarantine(different).items()}
    names = ["ISIC_0000000", image, "smaller/ISIC_0000000.jpg"]
    assert kinds == dict.fromkeys(names, "several different files of one id")
    assert "ISIC_0000000" not in set(_list(different).records["image_id"])


@pytest.mark.parametrize("suffix", [".JPG", ".jpeg", ".png"])
def test_suffix_may_be_written_otherwise(suffix: str) -> None:
    files = {name.replace(".jpg", suffix): content for name, content in isic_2017_files().items()}
    assert len(_list(files).records) == 12


def test_row_without_a_file_is_quarantined() -> None:
    files = isic_2017_files()
    del files["ISIC-2017_Test_v2_Data/ISIC_0002001.jpg"]
    assert list(_quarantine(files)) == ["ISIC_0002001"]
    assert len(_list(files).records) == 11


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (["ISIC_0000100,2,0", "ISIC_0000101,0,yes"], "unknown label: wanted 0 or 1, melanoma is '2'"),
        (["ISIC_0000100,,0", "ISIC_0000101,0,"], "unknown label"),
        (["ISIC_0000100,1,1", "ISIC_0000101,1.0,1.0"], "both diagnoses are 1"),
        (["ISIC_0000100,1,0", "ISIC_0000100,0,0", "ISIC_0000101,0,0", "ISIC_0000101,0,1"], "contradicting rows"),
    ],
)
def test_rows_of_no_use_are_quarantined_under_the_name_of_their_file(rows: list[str], reason: str) -> None:
    quarantine = _quarantine(_with_rows(*rows))
    assert set(quarantine) == {f"ISIC-2017_Training_Data/ISIC_0000{number}.jpg" for number in (100, 101)}
    assert reason in quarantine["ISIC-2017_Training_Data/ISIC_0000100.jpg"]


def test_repeated_rows_leave_one_record() -> None:
    files = _with_rows("ISIC_0000100,1,0", "ISIC_0000100,1.0,0.0", "ISIC_0000101,0,0")
    listing = _list(files)
    assert (listing.records["image_id"] == "ISIC_0000100").sum() == 1
    assert listing.quarantine["reason"].str.startswith("repeated row").tolist() == [True]


def test_image_of_two_releases_is_in_neither() -> None:
    files = isic_2017_files(6, 3, 3)
    files[TEST_TRUTH] += b"ISIC_0000000,1,0\n"
    listing = _list(files)
    assert "ISIC_0000000" not in set(listing.records["image_id"])
    assert listing.quarantine["reason"].str.contains("contradicting rows").tolist() == [True, True]


def test_a_few_wrong_ids_are_quarantined() -> None:
    quarantine = _quarantine(_with_rows("17,0,0", ",0,1", "ISIC_0000100,0,0", "ISIC_0000101,0,0"))
    assert set(quarantine) == {"17", "row 8"}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("ISIC_0000099,40,male", "row of metadata, no ground truth"),
        ("ISIC_0000001,40,female", "row of metadata, repeated row"),
    ],
)
def test_metadata_of_no_use_is_quarantined(row: str, reason: str) -> None:
    files = isic_2017_files(3, 0, 0)
    files[METADATA] += row.encode()
    assert all(said.startswith(reason) for said in _quarantine(files).values())
    assert len(_quarantine(files)) == 1
    assert len(_list(files).records) == 3


@pytest.mark.parametrize(
    ("bad", "column"), [("young,male", "age"), ("-5,male", "age"), ("400,male", "age"), ("40,other", "sex")]
)
def test_image_stays_without_an_age_or_a_sex_that_makes_no_sense(bad: str, column: str) -> None:
    files = isic_2017_files(3, 0, 0)
    files[METADATA] = csv_bytes("image_id,age_approximate,sex", [f"ISIC_0000000,{bad}"])
    listing = _list(files)
    assert listing.quarantine.empty
    assert listing.warnings["file"].tolist() == [listing.records["file"].iloc[0]]
    assert listing.records.loc[0, ["age", "sex"]].isna().to_dict() == {"age": column == "age", "sex": column == "sex"}


def test_table_with_empty_columns_of_a_spreadsheet_is_usable() -> None:
    files = isic_2017_files(3, 0, 0)
    lines = files[TRUTH].decode().splitlines()
    files[TRUTH] = "".join(f"{line},,,,\r\n" for line in [*lines, ",,"]).encode()
    assert len(_list(files).records) == 3
    assert _list(files).quarantine.empty


@pytest.mark.parametrize("name", [TRUTH, METADATA, TEST_TRUTH])
def test_mangled_table_is_refused_by_name_count_and_example(name: str) -> None:
    files = isic_2017_files(6, 3, 3)
    header, *rows = files[name].decode().splitlines()
    files[name] = csv_bytes(header, [f"{n},{row.partition(',')[2]}" for n, row in enumerate(rows, 1)])
    with pytest.raises(SourceError, match=f"{name} was mangled by a spreadsheet: {len(rows)} of its .*'1'"):
        _list(files)


def test_mangled_table_of_a_release_whose_images_are_absent_is_quarantined() -> None:
    files = isic_2017_files(6, 0, 0) | {TEST_TRUTH: csv_bytes(HEADER, ["1,0,0", "2,1,0"])}
    assert list(_quarantine(files)) == [TEST_TRUTH]


def test_same_table_again_is_quarantined_but_a_different_one_is_refused() -> None:
    files = isic_2017_files(6, 0, 0)
    assert list(_quarantine(files | {f"copy/{TRUTH}": files[TRUTH]})) == [f"copy/{TRUTH}"]
    with pytest.raises(SourceError, match="differ"):
        _list(files | {f"copy/{TRUTH}": files[TRUTH].replace(b"1.0,0.0", b"0.0,0.0")})


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"images.csv": b""}, r"GroundTruth.csv(.|\n)*images.csv"),
        (isic_2017_files(0, 3, 3), "ISIC-2017_Test_v2_Part3_GroundTruth.csv"),
        ({TRUTH: b"image_id,melanoma\nISIC_0000000,0\n"}, "seborrheic_keratosis is missing"),
        ({TRUTH: csv_bytes(HEADER, ["ISIC_0000000,0,0"])}, "1 rows and 0 images.*Unpack"),
        ({TRUTH: csv_bytes(HEADER, [])}, "no rows"),
        ({TRUTH: csv_bytes(HEADER, ["ISIC_0000000,1,1"])}, "both diagnoses.*Correct these rows"),
        ({TRUTH: csv_bytes(HEADER, ["ISIC_0000000,1,0", "ISIC_0000000,0,0"])}, "contradicting rows"),
    ],
)
def test_source_without_the_training_release_is_refused(files: dict[str, bytes], said: str) -> None:
    with pytest.raises(SourceError, match=said):
        _list(files)


def test_missing_source_is_refused() -> None:
    with pytest.raises(SourceError, match="needs files"):
        read(None)


@pytest.mark.parametrize("form", ["{} (1).csv", "{} - Copy.csv", "Copy of {}.csv", "{}.csv.txt", "{}_copy.csv"])
def test_table_of_nearly_the_right_name_is_named(form: str) -> None:
    close = form.format(TRUTH.removesuffix(".csv"))
    files = {name.replace(TRUTH, close): content for name, content in isic_2017_files().items()}
    with pytest.raises(SourceError, match=f"Rename '{re.escape(close)}' to {TRUTH}"):
        _list(files)
