from pathlib import Path

import pytest
import yaml

from nevus.quarantine import Kind
from nevus.readers.layouts import LAYOUTS, layout_of, remedy
from nevus.readers.names import UNREAD, sort_names
from tests.fakes import melanoma_files
from tests.readers.fake_folders import diagnosis_files, image_folder_files

SOURCES = {
    "ham10000": ["a/HAM10000_metadata.tab", "a/HAM10000_images_part_1/ISIC_0000001.jpg"],
    "isic_2017": ["ISIC-2017_Training_Part3_GroundTruth.csv", "ISIC-2017_Training_Data/ISIC_0000001.jpg"],
    "siim_isic_2020": ["train.csv", "test.csv", "jpeg/train/ISIC_0000001.jpg"],
    "isic_archive": ["a/metadata.csv", "a/attribution.txt", "a/ISIC_0000001.JPG"],
    "mnist": ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"],
    "melanoma": list(melanoma_files()),
    "image_folder": list(image_folder_files(top="data/", empty=True)),
    "diagnosis_folders": list(diagnosis_files(top="data/", empty=True)),
    "table": ["images.csv", "images/1.jpg", "images/2.jpg"],
}


@pytest.mark.parametrize("environment", SOURCES)
def test_each_environment_is_told_by_names_alone(environment: str) -> None:
    found = layout_of([*SOURCES[environment], ".DS_Store", "__MACOSX/train/x/._1.jpg"])
    assert found is not None
    assert found.environment == environment
    assert "--env" not in remedy(sort_names(SOURCES[environment]), found.format)
    assert f"--env={environment}" in remedy(sort_names(SOURCES[environment]), "another")


@pytest.mark.parametrize("around", ["a/b/", "archive/archive/data/"])
@pytest.mark.parametrize("environment", SOURCES)
def test_folders_around_everything_say_nothing(environment: str, around: str) -> None:
    found = layout_of([around + name for name in SOURCES[environment]])
    assert found is not None
    assert found.environment == environment


def test_every_layout_has_its_case_here_and_is_an_environment_of_that_format(project: Path) -> None:
    assert {layout.environment for layout in LAYOUTS} == set(SOURCES)
    for layout in LAYOUTS:
        parameters = yaml.safe_load((project / "conf" / layout.environment / "parameters.yml").read_text())
        assert parameters["ingestion"]["format"] == layout.format


@pytest.mark.parametrize(
    "names",
    [
        ["challenge-2019-training_metadata_2022-07-10.csv", "images/ISIC_0000001.jpg"],
        ["metadata (1).csv", "ISIC_0000001.jpg"],
        ["ISIC_2019_Training_GroundTruth.csv", "ISIC_2019_Training_Input/ISIC_0000001_downsampled.jpg"],
    ],
)
def test_other_downloads_of_the_archive_are_told(names: list[str]) -> None:
    found = layout_of(names)
    assert found is not None
    assert found.environment == "isic_archive"


@pytest.mark.parametrize("environment", ["ham10000", "isic_2017", "siim_isic_2020"])
@pytest.mark.parametrize(
    "table", ["metadata.csv", "ISIC-2017_Training_Data_metadata.csv", "ISIC_2020_Test_Metadata.csv"]
)
def test_a_table_of_metadata_more_does_not_mislead(environment: str, table: str) -> None:
    found = layout_of([table, *SOURCES[environment]])
    assert found is not None
    assert found.environment == environment


@pytest.mark.parametrize("names", [[], ["1.jpg", "2.jpg"], ["exam/1.jpg"], ["notes.txt"]])
def test_what_fits_none_is_not_guessed(names: list[str]) -> None:
    assert layout_of(names) is None
    assert remedy(sort_names(names), "image_folder") == ""


@pytest.mark.parametrize("table", ["train (1).csv", "train - Copy.csv", "Copy of train.csv"])
def test_a_second_download_of_a_table_does_not_lead_to_another_environment(table: str) -> None:
    assert remedy(sort_names([table, "jpeg/train/ISIC_0000001.jpg"]), "siim_isic_2020") == ""


def test_class_folders_beside_any_table_are_told_by_known_diagnoses_only() -> None:
    found = [layout_of([f"{name}/1.jpg", "other/2.jpg", "notes.csv"]) for name in ("mel", "part_1")]
    assert [layout.environment for layout in found if layout] == ["diagnosis_folders", "table"]


@pytest.mark.parametrize(("suffix", "kind"), UNREAD.items())
@pytest.mark.parametrize("place", ["train/a", "mel", "jpeg/train"])
def test_images_of_a_format_that_is_not_read_are_told_to_be_converted(suffix: str, kind: Kind, place: str) -> None:
    names = [f"{place}/ISIC_000000{number}{suffix.upper()}" for number in range(3)]
    said = remedy(sort_names([*names, "train.csv"]), "melanoma_detection")
    assert said == f"Set aside: 3 x {kind.said}. {kind.advice}"
    assert "Convert" in said


def test_files_unpacked_with_backslashes_are_told_to_be_read_from_their_zip() -> None:
    assert "Name the zip itself as the source" in remedy(sort_names(["top\\train\\a\\1.jpg"]), "image_folder")


@pytest.mark.parametrize("names", [["archive (1).zip"], ["a/part_1.zip", "a/part_2.7z", "README.md"]])
@pytest.mark.parametrize("format", ["image_folder", "diagnosis_folders", "table"])
def test_archives_without_an_image_beside_them_are_told_to_be_unpacked(names: list[str], format: str) -> None:
    assert "Unpack the archives inside the source" in remedy(sort_names(names), format)


@pytest.mark.parametrize("suffix", ["", ".jpg_large", ".img"])
@pytest.mark.parametrize("format", ["image_folder", "diagnosis_folders", "table"])
def test_files_that_are_no_images_by_their_suffix_are_told_where_there_is_no_other(suffix: str, format: str) -> None:
    names = [f"{number}{suffix}" for number in range(3)]
    assert "Give images among these files the suffix" in remedy(sort_names(names), format)
    assert remedy(sort_names([*names, "1.jpg"]), format) == ""
