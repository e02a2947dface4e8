import time
import unicodedata
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from nevus.contracts import QUARANTINE_COLUMNS, Listing, Options, Source, SourceError
from nevus.io.raw_files import FolderSource, ZipSource
from nevus.quarantine import losses
from nevus.readers import image_folder
from nevus.readers.options import DiagnosisFoldersOptions, ImageFolderOptions
from tests.fakes import FakeSource, write_folder, write_zip
from tests.readers.fake_folders import image_folder_files


def read(source: Source | None, *classes: str) -> Listing:
    return image_folder.read(source, ImageFolderOptions(classes=classes or None), size=32)


def _quarantine(extra: dict[str, bytes]) -> dict[str, str]:
    listing = read(FakeSource(image_folder_files(empty=True) | extra))
    assert len(listing.records) == 10
    assert tuple(listing.quarantine.columns) == QUARANTINE_COLUMNS
    return dict(listing.quarantine.itertuples(index=False))


def test_real_sample_is_listed_whole(sample_data: Path) -> None:
    listing = read(FolderSource(sample_data / "image_folder"))
    assert listing.classes == ("Benign", "Malignant")
    assert listing.records["split"].isin(["labeled", "test"]).all()
    assert len(listing.records) == 120
    for file, split, label in listing.records[["file", "split", "label"]].itertuples(index=False):
        folder = {"labeled": "train", "test": "test"}[split]
        assert file.startswith(f"{folder}/{listing.classes[label]}/")
    assert listing.records["image_id"].is_unique
    assert listing.quarantine.empty


@pytest.mark.parametrize("top", ["", "melanoma_cancer_dataset/"])
def test_zip_and_folder_with_and_without_a_folder_around_give_the_same_ids(tmp_path: Path, top: str) -> None:
    files = image_folder_files(top=top, unlabeled=1)
    packed = read(ZipSource(write_zip(tmp_path / "a.zip", files)))
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    plain = read(FakeSource(image_folder_files(unlabeled=1, empty=True)))
    pd.testing.assert_frame_equal(packed.records, read(FolderSource(tmp_path / "unpacked")).records)
    pd.testing.assert_frame_equal(packed.records.drop(columns="file"), plain.records.drop(columns="file"))


@pytest.mark.parametrize("top", ["train/", "Test/", "unlabeled/"])
def test_folder_around_all_may_have_the_name_of_a_split(top: str) -> None:
    files = image_folder_files(top=top, unlabeled=1, empty=True)
    extra = (f"{top}loose.jpg", f"{top}.ipynb_checkpoints/1.jpg")
    listing = read(FakeSource(files | dict.fromkeys(extra, b"")))
    assert listing.classes == ("benign", "malignant")
    assert listing.records["split"].value_counts().to_dict() == {"labeled": 6, "test": 4, "unlabeled": 1}
    assert set(listing.quarantine["file"]) == set(extra)


@pytest.mark.parametrize("top", ["a/", "a/b/", "archive (1)/archive/data/", "train/train/", "data/test/x/"])
@pytest.mark.parametrize("counts", [{"train": 3, "test": 2}, {"Training_Data": 2}])
def test_folders_around_everything_say_nothing(top: str, counts: dict[str, int]) -> None:
    plain, wrapped = (read(FakeSource(image_folder_files(counts, top=t, empty=True))) for t in ("", top))
    pd.testing.assert_frame_equal(wrapped.records.drop(columns="file"), plain.records.drop(columns="file"))
    assert wrapped.quarantine.empty


@pytest.mark.parametrize("inner", ["images", "{}", "JPEGs"])
@pytest.mark.parametrize("top", ["", "data/"])
def test_folder_around_all_classes_of_each_split_says_nothing(inner: str, top: str) -> None:
    plain = image_folder_files({"train": 3, "test": 2}, empty=True)
    files = {name.replace("/", f"/{inner.format(name.partition('/')[0])}/", 1): data for name, data in plain.items()}
    listing = read(FakeSource({top + name: data for name, data in files.items()}))
    assert listing.classes == ("benign", "malignant")
    assert listing.quarantine.empty
    assert listing.records["split"].value_counts().to_dict() == {"labeled": 6, "test": 4}


def test_folder_of_images_beside_other_folders_is_a_class() -> None:
    files = image_folder_files({"train": 2}, classes=("images/a", "images/b", "drawings/c"), empty=True)
    assert read(FakeSource(files)).classes == ("drawings", "images")


def test_images_without_classes_are_told_of_tables() -> None:
    with pytest.raises(SourceError, match=r"'images'.*--env=table"):
        read(FakeSource(image_folder_files({"train": 2, "test": 1}, classes=("images",), empty=True)))


def test_classes_with_names_of_splits_are_refused_unless_asked_for() -> None:
    files = image_folder_files(classes=("Train", "test"), empty=True)
    with pytest.raises(SourceError, match=r"'test', 'Train', which are names of splits.*image_folder\.classes"):
        read(FakeSource(files))
    assert read(FakeSource(files), "test", "train").classes == ("test", "train")


@pytest.mark.parametrize(
    ("folder", "split"),
    [
        ("train", "labeled"),
        ("Train", "labeled"),
        ("val", "validation"),
        ("validation", "validation"),
        ("VAL", "validation"),
        ("valid", "validation"),
        ("dev_set", "validation"),
        ("TEST", "test"),
        ("Testing Images", "test"),
        ("training", "labeled"),
    ],
)
def test_folder_says_the_split_and_the_class(folder: str, split: str) -> None:
    files = image_folder_files({"train": 1}, empty=True) | {f"{folder}/malignant/x.png": b""}
    record = read(FakeSource(files)).records.set_index("image_id").loc[f"{folder}/malignant/x"]
    assert record[["split", "label", "diagnosis"]].tolist() == [split, 1, "malignant"]
    assert pd.isna(record["group_id"])


@pytest.mark.parametrize("name", ["unlabeled/1", "unlabeled/benign/1", "Unlabeled/a/b/c/1", "unlabeled/train/x/1"])
def test_below_unlabeled_folders_give_no_label_away(name: str) -> None:
    files = image_folder_files(empty=True) | {f"{name}.jpg": b""}
    record = read(FakeSource(files)).records.set_index("image_id").loc[name]
    assert record["split"] == "unlabeled"
    assert record[["label", "diagnosis"]].isna().all()


def test_folders_of_one_split_are_read_together_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    files = image_folder_files({"train": 2, "Training_Data": 1}, empty=True)
    with caplog.at_level("INFO"):
        listing = read(FakeSource(files))
    assert len(listing.records) == 6
    assert "'Training_Data', 'train'" in caplog.text


def test_a_tree_inside_itself_is_read_once() -> None:
    files = image_folder_files()
    listing = read(FakeSource(files | {f"data/{name}": data for name, data in files.items()}))
    assert len(listing.records) == len(listing.quarantine) == len(files)


def test_of_different_files_of_one_id_none_is_taken_and_both_are_named() -> None:
    files = image_folder_files()
    listing = read(FakeSource(files | {"train/benign/0.png": b"another"}))
    assert set(listing.quarantine["file"]) == {"train/benign/0.jpg", "train/benign/0.png"}
    assert len(listing.records) == len(files) - 1


def test_records_come_by_split_and_id() -> None:
    files = image_folder_files({"train": 1, "test": 1, "val": 1}, unlabeled=1, empty=True)
    assert read(FakeSource(files)).records["image_id"].tolist() == [
        "train/benign/0",
        "train/malignant/0",
        "val/benign/0",
        "val/malignant/0",
        "unlabeled/0",
        "test/benign/0",
        "test/malignant/0",
    ]


def test_same_name_in_several_folders_gives_several_ids() -> None:
    files = image_folder_files(empty=True) | {"train/benign/deeper/0.jpg": b"", "train/benign/0.5.jpg": b""}
    ids = read(FakeSource(files)).records["image_id"]
    assert {"train/benign/0", "train/benign/deeper/0", "train/benign/0.5", "train/malignant/0"} <= set(ids)


def test_classes_are_alphabetical_whatever_their_case_and_number() -> None:
    listing = read(FakeSource(image_folder_files({"train": 1, "test": 1}, classes=("nv", "MEL", "bcc"), empty=True)))
    assert listing.classes == ("bcc", "MEL", "nv")
    assert listing.records.loc[listing.records["diagnosis"] == "MEL", "label"].tolist() == [1, 1]


def test_two_classes_are_named_in_the_order_of_the_option() -> None:
    files = image_folder_files({"train": 1, "test": 1}, classes=("Melanoma", "Nevus"), empty=True)
    listing = read(FakeSource(files), "nevus", "melanoma")
    assert listing.classes == ("nevus", "melanoma")
    labels = dict(listing.records[["image_id", "label"]].itertuples(index=False))
    assert (labels["train/Melanoma/0"], labels["test/Nevus/0"]) == (1, 0)
    assert set(listing.records["diagnosis"]) == {"nevus", "melanoma"}


@pytest.mark.parametrize(("model", "name"), [(ImageFolderOptions, "classes"), (DiagnosisFoldersOptions, "diagnoses")])
def test_numbers_that_yaml_makes_of_names_are_names(model: type[Options], name: str) -> None:
    assert getattr(model.model_validate({name: [1, 0]}), name) == ("1", "0")


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
def test_class_folder_with_accents_of_another_form_or_a_blank_behind_is_the_same_class(forms: tuple[str, str]) -> None:
    folders = [unicodedata.normalize(form, "n\u00e4vus") for form in forms]
    files = [f"train/{folders[0]}/0.jpg", "train/a/1.jpg", f"test/{folders[1]}/2.jpg", "test/a /3.jpg"]
    listing = read(FakeSource(dict.fromkeys(files, b"")))
    assert listing.classes == ("a", "n\u00e4vus")
    assert listing.records.set_index("file")["label"].to_dict() == dict(zip(files, [1, 0, 1, 0], strict=True))
    assert listing.quarantine.empty


def test_class_folder_spelled_otherwise_in_test_is_the_same_class() -> None:
    files = image_folder_files({"train": 1}, classes=("Benign", "Malignant"), empty=True) | {
        "test/malignant/0.jpg": b""
    }
    listing = read(FakeSource(files))
    assert listing.classes == ("Benign", "Malignant")
    assert listing.records.set_index("image_id").loc["test/malignant/0", "label"] == 1
    assert listing.quarantine.empty


@pytest.mark.parametrize(
    "classes", [("benign",), ("benign", "melanoma"), ("benign", "benign"), ("a", "b", "malignant")]
)
def test_classes_that_are_not_the_folders_are_refused_naming_both(classes: tuple[str, ...]) -> None:
    with pytest.raises(SourceError, match=f"'{classes[-1]}'.*train/ holds images of 'benign', 'malignant'"):
        read(FakeSource(image_folder_files(empty=True)), *classes)


def test_single_class_is_refused_and_told_of_the_other_reader() -> None:
    with pytest.raises(SourceError, match=r"'nv'.*diagnosis_folders"):
        read(FakeSource(image_folder_files(classes=("nv",), empty=True)))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("train/benign/notes.txt", "text, table or program beside the images"),
        ("labels.csv", "text, table or program beside the images"),
        ("unlabeled.zip", "archive inside the source"),
        ("train/benign/more.tar.gz", "archive inside the source"),
        ("train/benign/0", "not an image by its suffix"),
        ("train/9.jpg", "no class folder"),
        ("data/test/9.jpg", "no class folder"),
        ("9.jpg", "unknown folder"),
        ("extra/benign/9.jpg", "unknown folder"),
        ("a/b/train/benign/9.jpg", "unknown folder"),
        ("test/dermatofibroma/9.jpg", "class without an image in train"),
        ("val/dermatofibroma/9.jpg", "class without an image in train"),
        ("train/.ipynb_checkpoints/0-checkpoint.jpg", "in a hidden folder"),
        ("train/benign/.ipynb_checkpoints/0-checkpoint.jpg", "in a hidden folder"),
        ("train/benign/0.png", "equal copy of another file"),
        ("data/train/benign/0.jpg", "equal copy of another file"),
        ("../train/benign/9.jpg", "name leads out of the archive"),
        ("C:\\train\\benign\\9.jpg", "name leads out of the archive"),
    ],
)
def test_other_files_are_quarantined_with_a_reason(name: str, kind: str) -> None:
    quarantine = _quarantine({name: b""})
    if "data/train" in name:  # sorted before the others, so it comes first and its double second
        assert list(quarantine) == ["train/benign/0.jpg"]
        name = "train/benign/0.jpg"
    assert list(quarantine) == [name]
    assert quarantine[name].split(":")[0] == kind


def test_quarantine_says_which_file_was_first() -> None:
    assert _quarantine({"train/benign/0.png": b""})["train/benign/0.png"].endswith(": train/benign/0.jpg")


def test_names_that_are_no_text_are_quarantined_readably() -> None:
    assert _quarantine({"train/benign/\udcff.jpg": b""}) == {"train/benign/\\udcff.jpg": "name is not valid UTF-8"}


@pytest.mark.parametrize("name", ["__MACOSX/train/benign/._0.jpg", "train/.DS_Store", "train/benign/Thumbs.db"])
def test_litter_of_operating_systems_is_passed_over(name: str) -> None:
    assert _quarantine({name: b""}) == {}


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, "0 images.*none"),
        ({"images/ISIC_0000001.jpg": b""}, "1 images.*'images'"),
        ({"nevus/1.jpg": b"", "melanoma/2.jpg": b""}, "--env=diagnosis_folders"),
        ({"part_1/1.jpg": b"", "HAM10000_metadata.csv": b""}, "--env=ham10000"),
        ({"exam/1.jpg": b"", "exam/2.jpg": b""}, "rename the folders of the splits to train"),
        (image_folder_files({"test": 1}, empty=True), "2 images.*'test/benign'"),
    ],
)
def test_source_of_another_layout_is_refused(files: dict[str, bytes], found: str) -> None:
    with pytest.raises(SourceError, match=f"train/<class>/.*{found}"):
        read(FakeSource(files))


def test_missing_source_is_refused() -> None:
    with pytest.raises(SourceError, match="needs files"):
        read(None)


def test_eleven_thousand_files_are_listed_in_time_that_grows_as_they_do_and_none_is_opened() -> None:
    def seconds(train: int, test: int) -> float:
        source = FakeSource(image_folder_files({"train": train, "test": test}, empty=True))
        started = time.process_time()
        assert len(read(source).records) == 2 * (train + test)
        assert source.reads == []
        return time.process_time() - started

    # The least of three: garbage of other tests may be collected meanwhile, which takes longer than the listing.
    large, small = (min(seconds(train, train // 10) for _ in range(3)) for train in (5000, 500))
    assert large < 40 * small  # ten times the files; pairs of files would take a hundred times


def test_a_folder_on_disk_is_read_by_its_listed_names(tmp_path: Path) -> None:
    files = image_folder_files(top="data/")
    listing = read(FolderSource(write_folder(tmp_path, files)))
    assert listing.source.read(listing.records["file"].tolist()) == [files[name] for name in listing.records["file"]]


@pytest.mark.parametrize("outer", ["", "data/"])
@pytest.mark.parametrize("inner", ["data/", "a/b/"])
def test_tree_inside_itself_is_read_once(outer: str, inner: str) -> None:
    files = {f"{outer}{name}": content for name, content in image_folder_files().items()}
    twice = files | {f"{outer}{inner}{name.removeprefix(outer)}": content for name, content in files.items()}
    found = read(FakeSource(twice))
    assert found.records["file"].tolist() == read(FakeSource(files)).records["file"].tolist()
    assert set(found.quarantine["file"]) == set(twice) - set(files)
    assert losses(found.quarantine).empty
