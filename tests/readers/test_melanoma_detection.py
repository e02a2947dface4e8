import zipfile
from pathlib import Path

import pandas as pd
import pytest

from nevus.contracts import QUARANTINE_COLUMNS, Listing, Source, SourceError
from nevus.io.raw_files import FolderSource, ZipSource
from nevus.readers import melanoma_detection
from nevus.readers.options import MelanomaDetectionOptions
from tests.fakes import FakeSource, melanoma_files


def read(source: Source | None) -> Listing:
    return melanoma_detection.read(source, MelanomaDetectionOptions(), size=32)


def _quarantine(extra: dict[str, bytes]) -> dict[str, str]:
    table = read(FakeSource(melanoma_files() | extra)).quarantine
    assert tuple(table.columns) == QUARANTINE_COLUMNS
    return dict(table.itertuples(index=False))


def test_real_archive_is_listed_whole(sample_data: Path) -> None:
    listing = read(ZipSource(sample_data / "melanoma_detection" / "MelanomaDetection.zip"))
    assert listing.records["split"].value_counts().to_dict() == {"labeled": 200, "unlabeled": 7018, "test": 300}
    labels = listing.records.groupby("split")["label"].value_counts()
    assert labels.to_dict() == {("labeled", 0): 100, ("labeled", 1): 100, ("test", 0): 150, ("test", 1): 150}
    assert listing.records["image_id"].is_unique
    assert listing.quarantine.empty


def test_unpacked_archive_gives_the_same_ids(sample_data: Path, tmp_path: Path) -> None:
    path = sample_data / "melanoma_detection" / "MelanomaDetection.zip"
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path)
    packed, unpacked = read(ZipSource(path)), read(FolderSource(tmp_path))
    pd.testing.assert_frame_equal(packed.records, unpacked.records)


@pytest.mark.parametrize(
    "top", ["", "MelanomaDetection/", "another name/", "a/b/", "archive/archive/MelanomaDetection/"]
)
def test_layout_is_found_with_and_without_a_top_folder(top: str) -> None:
    records = read(FakeSource(melanoma_files(2, 1, 2, top=top))).records
    assert records["image_id"].tolist() == ["labeled/0_0", "labeled/1_1", "unlabeled/0", "test/0_0", "test/1_1"]
    assert records["file"].tolist() == [top + image_id + ".jpg" for image_id in records["image_id"]]


def test_label_and_diagnosis_follow_the_last_digit() -> None:
    records = read(FakeSource(melanoma_files(2, 1, 2))).records.set_index("image_id")
    assert records.loc["labeled/0_0", ["label", "diagnosis"]].tolist() == [0, "nevus"]
    assert records.loc["test/1_1", ["label", "diagnosis"]].tolist() == [1, "melanoma"]
    assert records.loc["unlabeled/0", ["label", "diagnosis", "group_id"]].isna().all()


def test_records_are_in_natural_order() -> None:
    files = dict.fromkeys([f"labeled/{number}_{number % 2}.jpg" for number in (10, 9, 2, 1, 100)], b"")
    ids = read(FakeSource(files)).records["image_id"].tolist()
    assert ids == ["labeled/1_1", "labeled/2_0", "labeled/9_1", "labeled/10_0", "labeled/100_0"]


@pytest.mark.parametrize(
    "name",
    [
        "../labeled/9_1.jpg",
        "a/../labeled/9_1.jpg",
        "/labeled/9_1.jpg",
        "C:\\labeled\\9_1.jpg",
        "C:/labeled/9_1.jpg",
        "..\\9_1.jpg",
    ],
)
def test_names_that_lead_out_are_quarantined(name: str) -> None:
    assert "leads out" in _quarantine({name: b""})[name]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("labeled/readme.txt", "beside the images"),
        ("MelanomaDetection/labeled/0_0_mask.png", "companion"),
        ("labeled/9_1", "suffix"),
        ("validation/9_1.jpg", "unknown folder"),
        ("labeled/deeper/9_1.jpg", "unknown folder"),
        ("a/b/labeled/9_1.jpg", "unknown folder"),
        ("9_1.jpg", "unknown folder"),
        ("labeled/9_2.jpg", "wrong name"),
        ("labeled/9.jpg", "wrong name"),
        ("labeled/x_1.jpg", "wrong name"),
        ("labeled/" + "9" * 5000 + "_1.jpg", "wrong name"),
        ("unlabeled/9_1.jpg", "wrong name"),
        ("test/\u0669_1.jpg", "wrong name"),
    ],
)
def test_other_files_are_quarantined_with_a_reason(name: str, reason: str) -> None:
    quarantine = _quarantine({name: b""})
    assert list(quarantine) == [name]
    assert reason in quarantine[name]


def test_names_that_are_no_text_are_quarantined_readably() -> None:
    assert _quarantine({"labeled/\udcff_1.jpg": b""}) == {"labeled/\\udcff_1.jpg": "name is not valid UTF-8"}


def test_of_equal_files_of_one_id_the_first_is_taken_and_of_different_ones_none() -> None:
    files = melanoma_files()
    copy, other = "MelanomaDetection/labeled/0_0.png", "MelanomaDetection/labeled/1_1.png"
    listing = read(FakeSource(files | {copy: files["MelanomaDetection/labeled/0_0.jpg"], other: b"another"}))
    assert set(listing.quarantine["file"]) == {copy, other, "MelanomaDetection/labeled/1_1.jpg"}
    assert len(listing.records) == len(files) - 1


def test_a_tree_inside_itself_and_folders_of_other_case_are_one_set() -> None:
    files = melanoma_files(top="")
    inside = {f"MelanomaDetection/{name.replace('labeled', 'Labeled')}": data for name, data in files.items()}
    assert (
        read(FakeSource(files | inside)).records["image_id"].tolist()
        == read(FakeSource(files)).records["image_id"].tolist()
    )


@pytest.mark.parametrize("name", ["__MACOSX/labeled/._0_0.jpg", "labeled/.DS_Store", "unlabeled/Thumbs.db"])
def test_litter_of_operating_systems_is_passed_over(name: str) -> None:
    listing = read(FakeSource(melanoma_files() | {name: b""}))
    assert listing.quarantine.empty
    assert len(listing.records) == len(melanoma_files())


@pytest.mark.parametrize("suffix", [".JPG", ".jpeg", ".PNG", ".bmp", ".TIF", ".webp"])
def test_suffix_may_be_written_otherwise(suffix: str) -> None:
    listing = read(FakeSource({f"labeled/0_0{suffix}": b"", f"labeled/1_1{suffix}": b""}))
    assert len(listing.records) == 2


def test_test_and_unlabeled_may_be_absent() -> None:
    assert read(FakeSource(melanoma_files(2, 0, 0))).records["split"].tolist() == ["labeled", "labeled"]


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, "0 files"),
        ({"images/ISIC_0000001.jpg": b""}, "images"),
        ({"nevus/1.jpg": b"", "melanoma/2.jpg": b""}, "--env=diagnosis_folders"),
        (melanoma_files(labeled=0), "unlabeled"),
    ],
)
def test_source_of_another_layout_is_refused(files: dict[str, bytes], found: str) -> None:
    with pytest.raises(SourceError, match=f"labeled/<number>_0.jpg(.|\n)*{found}"):
        read(FakeSource(files))


def test_missing_source_is_refused() -> None:
    with pytest.raises(SourceError, match="needs files"):
        read(None)


@pytest.mark.parametrize(("kept", "missing"), [(0, "melanoma"), (1, "nevus")])
def test_class_missing_among_the_labeled_is_refused(kept: int, missing: str) -> None:
    files = {name: data for name, data in melanoma_files(top="").items() if f"_{1 - kept}." not in name}
    with pytest.raises(SourceError, match=missing):
        read(FakeSource(files))
