import gzip
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from nevus.contracts import QUARANTINE_COLUMNS, Listing, Source, SourceError
from nevus.io.raw_files import FolderSource
from nevus.readers import siim_isic_2020
from nevus.readers.options import SiimIsic2020Options
from nevus.readers.siim_isic_2020 import duplicates as second_ones
from nevus.tfrecord.example import Value
from tests.fakes import FakeSource, fake_jpeg, write_folder
from tests.readers.fake_siim import (
    TRAIN_HEADER,
    archives_files,
    duplicates,
    features,
    name,
    shard,
    siim_files,
    siim_shards,
    table,
    train_row,
)


def read(source: Source | None, files: str = "jpeg", **changes: Any) -> Listing:
    values = {"files": files, "official_duplicates": True, "test_images": "leave_out"} | changes
    return siim_isic_2020.read(source, SiimIsic2020Options(**values), size=32)


def listed(files: dict[str, bytes], kind: str = "jpeg", **changes: Any) -> Listing:
    return read(FakeSource(files), kind, **changes)


def aside(listing: Listing) -> dict[str, str]:
    assert tuple(listing.quarantine.columns) == QUARANTINE_COLUMNS
    assert listing.quarantine["file"].is_unique
    return dict(listing.quarantine.itertuples(index=False))


def rows(*changed: tuple[int, dict[str, str]], count: int = 6) -> list[dict[str, str]]:
    changes = dict(changed)
    return [train_row(number, **changes.get(number, {})) for number in range(count)]


class NamesOnly:
    """The real tables beside image files that have names but no content."""

    fingerprint = "1"

    def __init__(self, folder: Path) -> None:
        self._tables = {path.name: path.read_bytes() for path in sorted(folder.glob("*.csv"))}
        self._images = []
        for split in ("train", "test"):
            ids = pd.read_csv(folder / f"{split}.csv", usecols=["image_name"])["image_name"]
            self._images += [f"jpeg/{split}/{image_id}.jpg" for image_id in ids]

    def names(self) -> list[str]:
        return sorted([*self._images, *self._tables])

    def read(self, names: Sequence[str]) -> list[bytes]:
        return [self._tables[name] for name in names]


# --- the real sample


def test_real_tables_give_every_image_once_without_the_official_duplicates(sample_data: Path) -> None:
    listing = read(NamesOnly(sample_data / "siim_isic_2020"))
    assert len(listing.records) == 33_126 - 425
    assert listing.records["label"].value_counts().to_dict() == {0: 32_542 - 422, 1: 584 - 3}
    assert listing.records["image_id"].is_unique
    assert listing.quarantine.empty


def test_real_tables_whole_when_duplicates_stay_and_test_images_are_unlabeled(sample_data: Path) -> None:
    source = NamesOnly(sample_data / "siim_isic_2020")
    records = read(source, official_duplicates=False, test_images="unlabeled").records
    assert records["split"].value_counts().to_dict() == {"labeled": 33_126, "unlabeled": 10_982}
    labeled = records[records["split"] == "labeled"]
    assert labeled["group_id"].nunique() == 2_056
    assert labeled[["age", "sex", "site"]].isna().sum().to_dict() == {"age": 68, "sex": 65, "site": 527}


def test_real_shards_are_read_whole(sample_data: Path) -> None:
    listing = read(FolderSource(sample_data / "siim_isic_2020"), "tfrecord", test_images="unlabeled")
    counts = listing.records.groupby(["split", "label"], dropna=False).size()
    assert counts.tolist() == [247, 53, 80]
    assert listing.quarantine.empty
    assert listing.records["image_id"].str.fullmatch(r"ISIC_\d{7}").all()
    assert listing.records[["age", "sex", "site"]].isna().sum().to_dict() == {"age": 3, "sex": 3, "site": 9}
    images = listing.source.read(listing.records["file"].tolist())
    assert all(image.startswith(b"\xff\xd8\xff") and image.endswith(b"\xff\xd9") for image in images)
    assert len(set(images)) == 380


def test_real_tables_without_images_are_refused_with_a_hint_at_the_shards(sample_data: Path) -> None:
    with pytest.raises(SourceError, match=r"files to tfrecord"):
        read(FolderSource(sample_data / "siim_isic_2020"))


def test_shards_of_another_schema_are_refused_by_their_features(sample_data: Path) -> None:
    content = (sample_data / "tfrecord" / "mnist.tfrecord").read_bytes()
    with pytest.raises(SourceError, match=r"image_class \(1 int\), image_floats \(784 float\)"):
        read(FolderSource(sample_data / "tfrecord"), "tfrecord")
    with pytest.raises(SourceError, match=r"image_class \(1 int\), image_floats \(784 float\)"):
        listed({"train00-1000.tfrec": content}, "tfrecord")


# --- JPEGs beside tables


@pytest.mark.parametrize("folder", ["", "jpeg/", "a/b/"])
def test_rows_become_records_wherever_the_files_lie(folder: str) -> None:
    records = listed(siim_files(folder=folder)).records
    assert records["image_id"].tolist() == [name(number) for number in range(6)]
    assert records["file"].tolist() == [f"{folder}train/{name(number)}.jpg" for number in range(6)]
    first = records.iloc[3]
    assert first[["split", "label", "diagnosis", "group_id", "age", "sex", "site"]].tolist() == [
        "labeled", 1, "melanoma", "IP_0000001", 33.0, "female", "torso",
    ]  # fmt: skip


def test_unknown_values_are_null() -> None:
    changed = {"sex": "", "age_approx": "", "diagnosis": "unknown", "anatom_site_general_challenge": "NaN"}
    record = listed(siim_files(rows=rows((1, changed)))).records.iloc[1]
    assert record[["sex", "age", "diagnosis", "site"]].isna().all()


def test_test_images_are_kept_for_a_submission_in_their_order_whatever_the_list_of_duplicates_says(
    sample_data: Path,
) -> None:
    listing = read(FolderSource(sample_data / "siim_isic_2020"), "tfrecord", test_images="test")
    records = listing.records[listing.records["split"] == "test"]
    wanted = pd.read_csv(sample_data / "siim_isic_2020" / "tfrecords" / "test_truth.csv")["image_name"]
    assert records["image_id"].tolist() == wanted.tolist()
    assert records["label"].isna().all()
    whole = read(NamesOnly(sample_data / "siim_isic_2020"), test_images="test").records
    assert whole["split"].value_counts()["test"] == 10_982


def test_test_images_are_left_out_or_unlabeled() -> None:
    assert set(listed(siim_files()).records["split"]) == {"labeled"}
    listing = listed(siim_files(), test_images="unlabeled")
    hidden = listing.records[listing.records["split"] == "unlabeled"]
    assert hidden["image_id"].tolist() == [name(100), name(101)]
    assert hidden["label"].isna().all()
    assert hidden["group_id"].tolist() == ["IP_0000050", "IP_0000050"]
    assert listing.quarantine.empty


def test_without_test_csv_the_folder_says_which_are_test_images() -> None:
    files = siim_files()
    del files["test.csv"]
    assert listed(files).quarantine.empty
    hidden = listed(files, test_images="unlabeled").records.iloc[6:]
    assert hidden["image_id"].tolist() == [name(100), name(101)]
    assert hidden[["label", "group_id", "age", "sex"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"target": "2"}, "target must be 0 or 1: found 2"),
        ({"target": ""}, "target must be 0 or 1: found nothing"),
        ({"target": "benign"}, "target must be 0 or 1: found benign"),
        ({"target": "1"}, "contradict"),
    ],
)
def test_row_with_a_wrong_value_is_set_aside(change: dict[str, str], reason: str) -> None:
    listing = listed(siim_files(rows=rows((1, change))))
    assert list(aside(listing)) == [name(1)]
    assert reason in aside(listing)[name(1)]
    assert len(listing.records) == 5


@pytest.mark.parametrize(
    ("column", "value"), [("age_approx", "old"), ("age_approx", "451"), ("age_approx", "-5"), ("sex", "robot")]
)
def test_image_stays_without_a_detail_that_cannot_be_read(column: str, value: str) -> None:
    listing = listed(siim_files(rows=rows((1, {column: value}))))
    assert len(listing.records) == 6
    assert listing.warnings["reason"].str.contains(value).tolist() == [True]
    assert listing.warnings["file"].isin(listing.records["file"]).all()


@pytest.mark.parametrize("written", ["{:.0f}", "{:.1f}", "{:.0f},0"])
def test_labels_that_passed_through_pandas_or_a_spreadsheet_are_read(written: str) -> None:
    changed = [(number, {"target": written.format(number % 3 == 0)}) for number in range(6)]
    assert listed(siim_files(rows=rows(*changed))).records["label"].tolist() == [1, 0, 0, 1, 0, 0]


def test_second_row_of_an_id_is_set_aside() -> None:
    listing = listed(siim_files(rows=[*rows(), train_row(1)]))
    assert aside(listing) == {name(1): f"same image id as another row: {name(1)}"}
    assert len(listing.records) == 6


@pytest.mark.parametrize(
    "changes",
    [{"target": "1", "benign_malignant": "malignant"}, {"patient_id": "IP_0000099"}],
    ids=["label", "patient"],
)
def test_rows_of_one_id_that_disagree_are_all_set_aside(changes: dict[str, str]) -> None:
    listing = listed(siim_files(rows=[*rows(), train_row(1, **changes)]))
    assert listing.quarantine["file"].tolist() == [name(1), name(1)]
    assert name(1) not in set(listing.records["image_id"])


def test_an_id_in_both_tables_is_no_test_image_to_train_on() -> None:
    listing = listed(siim_files(rows=[*rows(), train_row(100)]), test_images="unlabeled")
    assert aside(listing) == {name(100): f"same image id as another row: {name(100)}"}
    assert listing.records["image_id"].is_unique


def test_row_without_a_file_and_file_without_a_row_are_set_aside() -> None:
    listing = listed(siim_files(rows=[*rows(count=5), train_row(77)]) | {"notes.txt": b""})
    assert aside(listing) == {
        name(77): "row without a file: no image of this name",
        f"jpeg/train/{name(5)}.jpg": "file without a row: not in train.csv or test.csv",
        "notes.txt": "not a file of the competition",
    }


def test_row_without_an_id_is_set_aside_by_its_number() -> None:
    listing = listed(siim_files(rows=rows((2, {"image_name": ""}))))
    assert aside(listing)["row 3"] == "row without image_name: in train.csv"


def test_second_file_of_an_id_is_set_aside_where_both_are_equal_and_both_where_not() -> None:
    equal = listed(siim_files() | {f"smaller/{name(0)}.jpg": siim_files()[f"jpeg/train/{name(0)}.jpg"]})
    assert aside(equal) == {f"smaller/{name(0)}.jpg": f"equal copy of another file: jpeg/train/{name(0)}.jpg"}
    differ = listed(siim_files() | {f"others/{name(0)}.png": b""})
    assert name(0) not in set(differ.records["image_id"])
    first, second = f"jpeg/train/{name(0)}.jpg", f"others/{name(0)}.png"
    assert aside(differ) == dict.fromkeys(
        (first, second, name(0)), f"several different files of one id: {first}, {second}"
    )


def test_the_word_for_a_malignant_lesion_may_be_written_with_a_capital() -> None:
    assert listed(siim_files(rows=rows((0, {"benign_malignant": "Malignant"})))).quarantine.empty


def test_the_competitions_other_files_are_passed_over() -> None:
    shards = ["tfrecords/train00-2071.tfrec", "train01.tfrecords", "train02.tfrecord.gz"]
    more = dict.fromkeys([f"train/{name(0)}.dcm", *shards, "sample_submission.csv"], b"")
    assert listed(siim_files() | more).quarantine.empty
    assert aside(listed(siim_files() | {"notes.txt.gz": b""})) == {"notes.txt.gz": "not a file of the competition"}


def test_missing_column_is_named() -> None:
    files = siim_files() | {"train.csv": table([c for c in TRAIN_HEADER if c != "patient_id"], rows())}
    with pytest.raises(SourceError, match=r"train.csv.*patient_id is missing"):
        listed(files)


def test_missing_train_table_is_named() -> None:
    files = siim_files()
    del files["train.csv"]
    with pytest.raises(SourceError, match=r"train\.csv"):
        listed(files)


def test_table_without_its_ids_is_called_mangled() -> None:
    mangled = [train_row(number, image_name=str(number)) for number in range(6)]
    with pytest.raises(SourceError, match="mangled by a spreadsheet"):
        listed(siim_files(rows=mangled))


def test_missing_source_is_refused() -> None:
    with pytest.raises(SourceError, match="needs files"):
        read(None)


# --- the tables of the ISIC archive


@pytest.mark.parametrize("version", ["_v2", ""])
@pytest.mark.parametrize("test_images", ["leave_out", "unlabeled"])
def test_tables_of_the_archive_give_the_same_records(version: str, test_images: str) -> None:
    found = listed(archives_files(version=version), test_images=test_images)
    assert found.quarantine.empty
    pd.testing.assert_frame_equal(found.records, listed(siim_files(), test_images=test_images).records)


def test_of_several_editions_of_one_table_the_best_is_read() -> None:
    second, first = archives_files(), archives_files(version="")
    mangled = dict.fromkeys(first, b"nothing,here\n1,2\n")
    assert len(listed(mangled | second).records) == 6
    kaggles = siim_files()
    assert len(listed(dict.fromkeys(second, b"nothing,here\n1,2\n") | kaggles).records) == 6


def test_messages_name_the_tables_that_were_read() -> None:
    files = archives_files() | {f"{name(50)}.jpg": fake_jpeg(0)}
    assert aside(listed(files)) == {
        f"{name(50)}.jpg": "file without a row: not in ISIC_2020_Training_GroundTruth_v2.csv or "
        "ISIC_2020_Test_Metadata.csv"
    }


def test_table_of_the_archive_without_its_columns_is_refused() -> None:
    files = archives_files() | {"ISIC_2020_Test_Metadata.csv": siim_files()["test.csv"]}
    with pytest.raises(SourceError, match=r"ISIC_2020_Test_Metadata\.csv.*image, patient are"):
        listed(files)


# --- the official duplicates


def test_second_image_of_a_pair_is_left_out_by_the_option() -> None:
    files = siim_files() | duplicates((0, 3))
    listing = listed(files)
    assert name(3) not in set(listing.records["image_id"])
    assert len(listing.records) == 5
    assert listing.quarantine.empty
    assert len(listed(files, official_duplicates=False).records) == 6


def test_no_image_is_left_out_for_one_that_is_missing() -> None:
    assert len(listed(siim_files() | duplicates((50, 3))).records) == 6


@pytest.mark.parametrize("pairs", [["AB", "BC"], ["BC", "AB"], ["AB", "BA", "CB"], ["CA", "BC", "AB"]])
def test_one_of_each_set_of_duplicates_stays(pairs: list[str]) -> None:
    dropped = second_ones([(pair[0], pair[1]) for pair in pairs], "ABCD")
    assert len(dropped) == 2
    assert dropped < set("ABC")


def test_duplicates_are_left_out_of_shards_too() -> None:
    listing = listed(siim_shards() | duplicates((0, 3)), "tfrecord")
    assert listing.records["image_id"].tolist() == [name(number) for number in (0, 1, 2, 4, 5)]


# --- shards


def test_records_of_shards_become_records_of_the_listing() -> None:
    listing = listed(siim_shards(), "tfrecord")
    assert listing.records["file"].tolist()[2:4] == ["tfrecords/train00-3.tfrec#2", "tfrecords/train01-3.tfrec#0"]
    record = listing.records.iloc[3]
    assert record[["image_id", "split", "label", "diagnosis", "group_id", "age", "sex", "site"]].tolist() == [
        name(3), "labeled", 1, "1", "1", 33.0, "1", "3",
    ]  # fmt: skip
    assert listing.quarantine.empty


def test_text_and_codes_mean_the_same() -> None:
    text = features(1, patient_id=b"IP_7", sex=b"female", diagnosis=b"nevus", target=b"0", age_approx=45.0)
    record = listed({"train00-1.tfrec": shard([text])}, "tfrecord").records.iloc[0]
    assert record[["group_id", "sex", "diagnosis", "label", "age"]].tolist() == ["IP_7", "female", "nevus", 0, 45.0]


def test_codes_below_zero_and_absent_features_are_unknown() -> None:
    example = features(
        1, patient_id=-1, sex=-1, age_approx=-1, anatom_site_general_challenge=None, diagnosis=b"unknown"
    )
    record = listed({"train.tfrec": shard([example])}, "tfrecord").records.iloc[0]
    assert record[["group_id", "sex", "age", "site", "diagnosis"]].isna().all()


def test_test_shards_are_left_out_or_unlabeled() -> None:
    assert len(listed(siim_shards(), "tfrecord").records) == 6
    records = listed(siim_shards(), "tfrecord", test_images="unlabeled").records.set_index("image_id")
    assert records.loc[[name(100), name(101)], "split"].tolist() == ["unlabeled", "unlabeled"]


def test_test_shard_with_labels_is_a_test_split() -> None:
    files = siim_shards() | {"test00-2.tfrec": shard([features(50), features(51)])}
    records = listed(files, "tfrecord").records.set_index("image_id")
    assert records.loc[[name(50), name(51)], ["split", "label"]].to_numpy().tolist() == [["test", 0], ["test", 1]]


@pytest.mark.parametrize("target", [None, -1, b"unknown"])
def test_test_images_whose_target_is_not_known_are_hidden(target: Value | None) -> None:
    files = siim_shards() | {"test00-1.tfrec": shard([features(50, target=target)])}
    records = listed(files, "tfrecord", test_images="unlabeled").records.set_index("image_id")
    assert records.loc[name(50), "split"] == "unlabeled"


@pytest.mark.parametrize("test_images", ["leave_out", "unlabeled"])
def test_an_image_with_and_without_a_label_keeps_it(test_images: str) -> None:
    hidden = {"test00-1.tfrec": shard([features(1, target=None)]), "unlabeled00-1.tfrec": shard([features(2)])}
    listing = listed(hidden | {"train00-3.tfrec": shard(map(features, range(3)))}, "tfrecord", test_images=test_images)
    assert listing.records["image_id"].tolist() == [name(number) for number in range(3)]
    assert set(listing.records["split"]) == {"labeled"}
    assert list(aside(listing)) == ["test00-1.tfrec#0", "unlabeled00-1.tfrec#0"]


def test_numbers_of_patients_stay_apart() -> None:
    numbers = (7279968.0, 7279970.0, 1234567, 1234568)
    content = shard(features(row, patient_id=number) for row, number in enumerate(numbers))
    groups = listed({"train00-4.tfrec": content}, "tfrecord").records["group_id"]
    assert groups.tolist() == ["7279968", "7279970", "1234567", "1234568"]


def test_targets_that_are_floats_are_read() -> None:
    content = shard(features(row, target=float(row % 2)) for row in range(4))
    assert listed({"train.tfrec": content}, "tfrecord").records["label"].tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_gzipped_shards_are_known_by_their_content(suffix: str) -> None:
    plain = siim_shards()
    zipped = {name + suffix: gzip.compress(content) for name, content in plain.items()}
    found = listed(zipped, "tfrecord")
    assert found.quarantine.empty
    expected = listed(plain, "tfrecord")
    pd.testing.assert_frame_equal(found.records.drop(columns="file"), expected.records.drop(columns="file"))
    images = found.source.read(found.records["file"].tolist())
    assert images == [fake_jpeg(int(image_id[-7:])) for image_id in found.records["image_id"]]


@pytest.mark.parametrize(
    ("example", "reason"),
    [
        (features(9, target=2), "target must be 0 or 1: found 2"),
        (features(9, target=-1), "target must be 0 or 1: found -1"),
        (features(9, target=1.5), "target must be 0 or 1: found 1.5"),
        (features(9, target=b"unknown"), "target must be 0 or 1: found unknown"),
        (features(9, target=None), "target must be 0 or 1: found nothing"),
        (features(9, image_name=b" "), "record is not of this schema"),
        (features(9, image=None), "record is not of this schema"),
        (features(9, image=1.0), "record is not of this schema"),
        (features(9, image_name=None), "record is not of this schema"),
        (features(0), "same image id as another row"),
    ],
)
def test_record_with_a_wrong_value_is_set_aside(example: dict[str, Any], reason: str) -> None:
    quarantine = aside(listed({"train.tfrec": shard([features(0), features(1), example])}, "tfrecord"))
    assert list(quarantine) == ["train.tfrec#2"]
    assert reason in quarantine["train.tfrec#2"]


def test_broken_shards_are_set_aside_and_the_others_read() -> None:
    files = siim_shards()
    damaged = bytearray(files["tfrecords/train00-3.tfrec"])
    damaged[30] ^= 1
    listing = listed(
        files | {"tfrecords/train00-3.tfrec": bytes(damaged), "train02-9.tfrec": fake_jpeg(0), "train03.tfrec": b""},
        "tfrecord",
    )
    lost = [f"train02-9.tfrec#{number}" for number in range(1, 9)]  # with the shard's own row one for each image
    assert list(aside(listing)) == ["tfrecords/train00-3.tfrec#0", "train02-9.tfrec", *lost, "train03.tfrec"]
    assert "it looks like a JPEG image" in aside(listing)["train02-9.tfrec"]
    assert len(listing.records) == 5


def test_shard_whose_name_says_no_split_is_not_trained_on() -> None:
    listing = listed(siim_shards() | {"holdout.tfrec": shard([features(50)])}, "tfrecord")
    assert aside(listing)["holdout.tfrec"].startswith("shard name says no split: ")
    assert name(50) not in set(listing.records["image_id"])


def test_source_without_shards_is_refused() -> None:
    with pytest.raises(SourceError, match="files to jpeg"):
        listed(siim_files(), "tfrecord")


def test_only_test_shards_are_refused() -> None:
    files = {name: content for name, content in siim_shards().items() if "test" in name}
    with pytest.raises(SourceError, match="Wanted labelled images"):
        listed(files, "tfrecord")


# --- the images inside shards


def test_images_are_read_in_any_order_and_each_shard_once() -> None:
    source = FakeSource(siim_shards())
    listing = read(source, "tfrecord")
    files = listing.records["file"].tolist()
    source.reads.clear()
    order = [3, 0, 5, 1, 1]
    images = listing.source.read([files[number] for number in order])
    assert images == [fake_jpeg(number) for number in order]
    assert source.reads == ["tfrecords/train00-3.tfrec", "tfrecords/train01-3.tfrec"]


def test_shards_are_read_by_pickled_copies_that_start_empty(tmp_path: Path) -> None:
    source = read(FolderSource(write_folder(tmp_path, siim_shards())), "tfrecord").source
    names = source.names()
    before = len(pickle.dumps(source))
    expected = source.read(names)
    assert len(pickle.dumps(source)) == before
    copy = pickle.loads(pickle.dumps(source))
    assert copy.read(names) == expected
    assert copy.fingerprint == source.fingerprint


def test_fingerprint_follows_the_shards() -> None:
    first, second = (read(FakeSource(siim_shards(), version=version), "tfrecord").source for version in "12")
    assert first.fingerprint != second.fingerprint


def test_shard_that_changed_since_it_was_listed_is_not_read() -> None:
    source = FakeSource(siim_shards())
    listing = read(source, "tfrecord")
    source.files["tfrecords/train00-3.tfrec"] = b"\0" * 10_000
    with pytest.raises(SourceError, match=r"train00-3\.tfrec#0 changed"):
        listing.source.read(["tfrecords/train00-3.tfrec#0"])


def test_unknown_record_is_refused() -> None:
    with pytest.raises(SourceError, match=r"no 'train\.tfrec#9'"):
        read(FakeSource(siim_shards()), "tfrecord").source.read(["train.tfrec#9"])


@pytest.mark.parametrize("form", ["{}.jpg", "train/{}.JPG", "..\\jpeg\\{}.png"])
def test_ids_with_folders_and_suffix_find_their_image(form: str) -> None:
    found = listed(siim_files(rows=[train_row(n, image_name=form.format(name(n)).lower()) for n in range(6)]))
    assert found.records["image_id"].tolist() == [name(n) for n in range(6)]
    assert found.quarantine.empty
