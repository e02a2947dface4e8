import unicodedata
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from nevus.contracts import QUARANTINE_COLUMNS, Listing, Source, SourceError
from nevus.io.raw_files import FolderSource, ZipSource
from nevus.readers import diagnosis_folders
from nevus.readers.options import DiagnosisFoldersOptions
from tests.fakes import FakeSource, write_folder
from tests.readers.fake_folders import diagnosis_files


def read(source: Source | None, *diagnoses: str) -> Listing:
    return diagnosis_folders.read(source, DiagnosisFoldersOptions(diagnoses=diagnoses or None), size=32)


def _quarantine(extra: dict[str, bytes]) -> dict[str, str]:
    listing = read(FakeSource(diagnosis_files(empty=True) | extra))
    assert len(listing.records) == 5
    assert tuple(listing.quarantine.columns) == QUARANTINE_COLUMNS
    return dict(listing.quarantine.itertuples(index=False))


def _ids(listing: Listing) -> list[str]:
    return listing.records["image_id"].tolist()


def test_real_images_by_diagnosis_are_listed_whole(sample_data: Path, tmp_path: Path) -> None:
    table = pd.read_csv(sample_data / "ham10000" / "HAM10000_metadata.csv", index_col="image_id")
    images = sorted((sample_data / "ham10000" / "images").iterdir())[:200]
    with zipfile.ZipFile(tmp_path / "by_diagnosis.zip", "w") as archive:
        for path in images:
            archive.write(path, f"by_diagnosis/{table.loc[path.stem, 'dx']}/gan_input/{path.name}")
    listing = read(ZipSource(tmp_path / "by_diagnosis.zip"))
    expected = table.loc[[path.stem for path in images], "dx"]
    assert listing.classes == tuple(sorted(set(expected)))
    assert dict(zip(listing.records["image_id"].str.split("/").str[-1], listing.records["diagnosis"], strict=True)) == (
        expected.to_dict()
    )
    assert listing.quarantine.empty


def test_folder_is_the_diagnosis_and_everything_is_labeled() -> None:
    listing = read(
        FakeSource(diagnosis_files({"nv": 1, "akiec": 1}, empty=True) | {"nv/x.png": b"", "nv/a/b/x.png": b""})
    )
    assert listing.classes == ("akiec", "nv")
    assert _ids(listing) == ["akiec/gan_input/0", "nv/a/b/x", "nv/gan_input/0", "nv/x"]
    assert listing.records["label"].tolist() == [0, 1, 1, 1]
    assert listing.records["diagnosis"].tolist() == ["akiec", "nv", "nv", "nv"]
    assert set(listing.records["split"]) == {"labeled"}
    assert listing.records["group_id"].isna().all()


@pytest.mark.parametrize("inner", ["gan_input/", "a/b/", ""])
def test_single_diagnosis_is_enough(inner: str) -> None:
    listing = read(FakeSource(diagnosis_files({"akiec": 2}, inner=inner, empty=True)))
    assert listing.classes == ("akiec",)
    assert listing.records["label"].tolist() == [0, 0]


def test_known_diagnosis_with_several_folders_is_not_taken_for_a_folder_around() -> None:
    files = {"akiec/gan_input/1.jpg": b"", "akiec/originals/1.jpg": b""}
    assert read(FakeSource(files)).classes == ("akiec",)


def test_one_folder_around_all_is_passed_over() -> None:
    plain, wrapped = (read(FakeSource(diagnosis_files(top=top, empty=True))) for top in ("", "HAM/"))
    assert wrapped.classes == plain.classes == ("akiec", "nv")
    pd.testing.assert_frame_equal(wrapped.records.drop(columns="file"), plain.records.drop(columns="file"))


AROUND = ["a/", "a/b/", "archive (1)/archive/data/", "melanoma/", "train/data/"]


@pytest.mark.parametrize("top", AROUND)
def test_folders_around_everything_are_passed_over(top: str) -> None:
    files = diagnosis_files(empty=True)
    plain, wrapped = (read(FakeSource({t + name: content for name, content in files.items()})) for t in ("", top))
    pd.testing.assert_frame_equal(wrapped.records.drop(columns="file"), plain.records.drop(columns="file"))


@pytest.mark.parametrize("diagnoses", [("a",), ("b",), ("x", "y")])
def test_of_several_folders_around_each_answer_is_taken(diagnoses: tuple[str, ...]) -> None:
    files = {"a/b/x/1.jpg": b"", "a/b/y/2.jpg": b"", "a/loose.jpg": b""}
    with pytest.raises(SourceError, match=r"\[a\] or \[b\] or \[x, y\]"):
        read(FakeSource(files))
    listing = read(FakeSource(files), *diagnoses)
    assert listing.classes == diagnoses
    assert set(listing.quarantine["file"]) == (set() if diagnoses == ("a",) else {"a/loose.jpg"})


def test_splits_inside_folders_around_are_told() -> None:
    with pytest.raises(SourceError, match="--env=image_folder"):
        read(FakeSource(diagnosis_files({"train/mel": 1, "test/mel": 1}, top="a/b/", empty=True)))


def test_folder_around_a_single_known_diagnosis_is_passed_over() -> None:
    assert _ids(read(FakeSource(diagnosis_files({"akiec": 1}, top="data/", empty=True)))) == ["akiec/gan_input/0"]


def test_single_folder_of_any_name_is_a_diagnosis() -> None:
    assert read(FakeSource(diagnosis_files({"lentigo": 1}, empty=True))).classes == ("lentigo",)


AMBIGUOUS = {"A/first/1.jpg": b"", "A/second/1.jpg": b"", "A/second/2.jpg": b""}


def test_where_nothing_tells_a_diagnosis_from_a_folder_around_the_user_is_asked() -> None:
    with pytest.raises(SourceError, match=r"'A'.*'first', 'second'.*\[A\] or \[first, second\]"):
        read(FakeSource(AMBIGUOUS))


@pytest.mark.parametrize(
    ("diagnoses", "ids"),
    [
        (("A",), ["A/first/1", "A/second/1", "A/second/2"]),
        (("first", "second"), ["first/1", "second/1", "second/2"]),
    ],
)
def test_either_answer_is_taken(diagnoses: tuple[str, ...], ids: list[str]) -> None:
    listing = read(FakeSource(AMBIGUOUS), *diagnoses)
    assert _ids(listing) == ids
    assert listing.classes == diagnoses


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        (("test", "train"), ("mel", "nv")),
        (("Test", "Train"), ("lentigo", "wart")),
        (("part1", "part2"), ("akiec", "gan_input")),
    ],
)
def test_splits_and_parts_are_not_taken_for_diagnoses(outer: tuple[str, ...], inner: tuple[str, ...]) -> None:
    source = FakeSource({f"{folder}/{diagnosis}/1.jpg": b"" for folder in outer for diagnosis in inner})
    with pytest.raises(SourceError, match=f"'{outer[0]}', '{outer[1]}'.*'{inner[0]}', '{inner[1]}'.*image_folder"):
        read(source)
    assert read(source, *outer).classes == outer


PARTS = {"HAM10000_images_part_1/1.jpg": b"", "HAM10000_images_part_2/2.jpg": b"", "HAM10000_metadata.csv": b""}


def test_parts_beside_the_table_of_another_format_are_no_diagnoses_unless_asked_for() -> None:
    with pytest.raises(SourceError, match=r"HAM10000.*'HAM10000_images_part_1'.*--env=ham10000"):
        read(FakeSource(PARTS))
    assert read(FakeSource(PARTS), "HAM10000_images_part_2").classes == ("HAM10000_images_part_2",)
    assert len(read(FakeSource(diagnosis_files(empty=True) | {"HAM10000_metadata.csv": b""})).records) == 5


def test_unknown_diagnoses_beside_a_known_one_are_diagnoses() -> None:
    files = {"lentigo/mel/1.jpg": b"", "mel/1.jpg": b"", "wart/nv/1.jpg": b""}
    assert read(FakeSource(files)).classes == ("lentigo", "mel", "wart")


@pytest.mark.parametrize("top", ["", "HAM/"])
def test_option_chooses_and_orders_the_diagnoses(top: str) -> None:
    files = diagnosis_files({"akiec": 1, "MEL": 2, "nv": 3}, top=top, empty=True)
    listing = read(FakeSource(files), "nv", "mel")
    assert listing.classes == ("nv", "mel")
    assert listing.records["diagnosis"].value_counts().to_dict() == {"nv": 3, "mel": 2}
    assert (listing.records["label"] == (listing.records["diagnosis"] == "mel")).all()
    assert listing.quarantine.empty


@pytest.mark.parametrize("diagnoses", [("bcc",), ("akiec", "bcc"), ("akiec", "AKIEC")])
def test_diagnoses_that_are_not_there_are_refused_naming_both(diagnoses: tuple[str, ...]) -> None:
    with pytest.raises(SourceError, match=f"'{diagnoses[-1]}'.*the source holds 'akiec', 'nv'"):
        read(FakeSource(diagnosis_files(empty=True)), *diagnoses)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("akiec/gan_input/notes.txt", "text, table or program beside the images"),
        ("metadata.csv", "text, table or program beside the images"),
        ("bcc.zip", "archive inside the source"),
        ("9.jpg", "no diagnosis folder"),
        (".ipynb_checkpoints/0-checkpoint.jpg", "in a hidden folder"),
        ("akiec/.ipynb_checkpoints/0-checkpoint.jpg", "in a hidden folder"),
        ("akiec/gan_input/0.png", "equal copy of another file"),
        ("../akiec/9.jpg", "name leads out of the archive"),
    ],
)
def test_other_files_are_quarantined_with_a_reason(name: str, kind: str) -> None:
    quarantine = _quarantine({name: b""})
    assert list(quarantine) == [name]
    assert quarantine[name].split(":")[0] == kind


def test_image_beside_the_diagnoses_in_a_folder_around_is_quarantined() -> None:
    listing = read(FakeSource(diagnosis_files(top="HAM/", empty=True) | {"HAM/overview.png": b""}))
    assert listing.quarantine["file"].tolist() == ["HAM/overview.png"]
    assert len(listing.records) == 5


@pytest.mark.parametrize("name", ["__MACOSX/akiec/._0.jpg", "akiec/.DS_Store"])
def test_litter_of_operating_systems_is_passed_over(name: str) -> None:
    assert _quarantine({name: b""}) == {}


@pytest.mark.parametrize("files", [{}, {"1.jpg": b"", "2.jpg": b""}, {"akiec/readme.txt": b""}])
def test_source_of_another_layout_is_refused(files: dict[str, bytes]) -> None:
    with pytest.raises(SourceError, match="<diagnosis>/<image>"):
        read(FakeSource(files))


def test_missing_source_is_refused() -> None:
    with pytest.raises(SourceError, match="needs files"):
        read(None)


def test_no_file_is_opened_to_list_them(tmp_path: Path) -> None:
    source = FakeSource(diagnosis_files())
    listing = read(source)
    assert source.reads == []
    folder = read(FolderSource(write_folder(tmp_path, source.files)))
    assert folder.source.read(folder.records["file"].tolist()) == [
        source.files[name] for name in listing.records["file"]
    ]


def test_folders_of_one_name_with_accents_of_two_forms_are_one_diagnosis() -> None:
    forms = [unicodedata.normalize(form, "n\u00e4vus") for form in ("NFC", "NFD")]
    files = {f"x/{forms[0]}/0.jpg": b"", f"x/{forms[1]}/1.jpg": b"", "x/mel/2.jpg": b""}
    listing = read(FakeSource(files))
    assert listing.classes == ("mel", "n\u00e4vus")
    assert listing.records["label"].tolist() == [0, 1, 1]
