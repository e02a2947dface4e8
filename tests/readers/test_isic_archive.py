from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from nevus.contracts import Listing, SourceError
from nevus.quarantine import losses
from nevus.readers import isic_archive
from nevus.readers.options import IsicArchiveOptions
from tests.fakes import FakeSource, fake_jpeg
from tests.readers.fake_challenges import csv_bytes

HEADER = "isic_id,attribution,age_approx,anatom_site_general,anatom_site_2,sex,lesion_id,patient_id,image_type"
NEWER = f"{HEADER},diagnosis_1,diagnosis_2,diagnosis_3,diagnosis_confirm_type"
PERSON = "Somebody,45,lower extremity,Thigh,female,,,dermoscopic"
MELANOMA = "Malignant,Malignant melanocytic proliferations (Melanoma),Lentigo maligna type,histopathology"
CARCINOMA = "Malignant,Malignant epidermal proliferations,Basal cell carcinoma,histopathology"
NEVUS = "Benign,Benign melanocytic proliferations,Nevus,serial imaging showing no change"
INDETERMINATE = "Indeterminate,Indeterminate epidermal proliferations,Solar or actinic keratosis,"
NOTHING = ",,,"
ONE_HOT = ("MEL", "NV", "BCC", "AK", "BKL", "DF", "VASC", "SCC", "UNK")


def _id(number: int) -> str:
    return f"ISIC_{number:07d}"


def _files(*rows: str, header: str = NEWER, table: str = "metadata.csv") -> dict[str, bytes]:
    numbered = [f"{_id(number)},{row}" for number, row in enumerate(rows)]
    images = {f"{_id(number)}.jpg": fake_jpeg(number) for number in range(len(rows))}
    return {table: csv_bytes(header, numbered), **images}


def _list(files: dict[str, bytes], **options: Any) -> Listing:
    chosen = {"task": "malignant_benign", "confirmed_by": None, "image_type": None, "undiagnosed": "unlabeled"}
    return isic_archive.read(FakeSource(files), IsicArchiveOptions.model_validate(chosen | options), size=32)


def _labels(listing: Listing) -> list[int | None]:
    return [None if pd.isna(label) else int(label) for label in listing.records["label"]]


KINDS = [f"{PERSON},{kind}" for kind in (MELANOMA, CARCINOMA, NEVUS, INDETERMINATE, NOTHING)]


@pytest.mark.parametrize(
    ("task", "classes", "labels"),
    [
        ("malignant_benign", ("benign", "malignant"), [1, 1, 0, None, None]),
        ("melanoma", ("other", "melanoma"), [1, 0, 0, None, None]),
    ],
)
def test_classes_of_nested_diagnoses(task: str, classes: tuple[str, ...], labels: list[int | None]) -> None:
    listing = _list(_files(*KINDS), task=task)
    assert listing.classes == classes
    assert _labels(listing) == labels
    assert listing.records["split"].tolist() == ["labeled"] * 3 + ["unlabeled"] * 2
    assert listing.records["diagnosis"].fillna("-").tolist()[1:4] == ["Basal cell carcinoma", "Nevus", "-"]
    assert listing.records[["age", "sex", "site"]].iloc[0].tolist() == [45.0, "female", "Thigh"]
    assert listing.quarantine.empty


@pytest.mark.parametrize(
    ("header", "kind", "said"),
    [
        (NEWER, INDETERMINATE, "download it anew by `isic metadata download`"),
        (f"{HEADER},diagnosis", "melanoma", "give `--params ingestion.isic_archive.task=melanoma`"),
    ],
)
def test_a_table_without_a_class_for_the_task_names_the_remedy(header: str, kind: str, said: str) -> None:
    files = _files(*[f"{PERSON},{kind}"] * 3, header=header)
    with pytest.raises(SourceError) as caught:
        _list(files)
    assert "tells benign from malignant, but metadata.csv says of none of 3 images" in str(caught.value)
    assert said in str(caught.value)
    if "task=melanoma" in said:  # the advice leads to a run
        assert _labels(_list(files, task="melanoma")) == [1, 1, 1]


def test_undiagnosed_images_can_be_left_out() -> None:
    listing = _list(_files(*KINDS), undiagnosed="leave_out")
    assert _labels(listing) == [1, 1, 0]
    assert listing.quarantine.empty


@pytest.mark.parametrize(("task", "labels"), [("malignant_benign", [1, 1, 0, None]), ("melanoma", [1, None, 0, None])])
def test_classes_of_older_tables(task: str, labels: list[int | None]) -> None:
    rows = ["malignant,melanoma", "malignant,", "benign,nevus", "indeterminate/malignant,AIMP"]
    assert _labels(_list(_files(*rows, header="isic_id,benign_malignant,diagnosis"), task=task)) == labels


def test_diagnoses_that_contradict_each_other_are_set_aside() -> None:
    rows = ["Benign,malignant", "Malignant,malignant", "Benign,benign"]
    listing = _list(_files(*rows, header="isic_id,diagnosis_1,benign_malignant"))
    assert listing.quarantine["reason"].str.startswith("contradicting diagnoses").tolist() == [True]
    assert _labels(listing) == [1, 0]


@pytest.mark.parametrize(
    ("options", "labels"),
    [
        ({"confirmed_by": ["histopathology"]}, [1, 1]),
        ({"confirmed_by": ["Serial imaging showing no change"]}, [0]),
        ({"image_type": ["dermoscopic"]}, [1, 1, 0, None, None]),
    ],
)
def test_rows_can_be_chosen(options: dict[str, Any], labels: list[int | None]) -> None:
    listing = _list(_files(*KINDS), **options)
    assert _labels(listing) == labels
    assert listing.quarantine.empty


@pytest.mark.parametrize(("option", "found"), [("confirmed_by", "'histopathology'"), ("image_type", "'dermoscopic'")])
def test_a_choice_that_no_row_has_names_those_there(option: str, found: str) -> None:
    with pytest.raises(SourceError, match=f"{option} asks for magic, but the table has .*{found}"):
        _list(_files(*KINDS), **{option: ["magic"]})


def test_images_of_one_patient_or_lesion_are_joined() -> None:
    rows = ["IL_1,IP_1", "IL_2,IP_1", "IL_2,", "IL_3,", "IL_3,", ",", "IL_4,IP_2"]
    groups = _list(_files(*[f"benign,{row}" for row in rows], header="isic_id,benign_malignant,lesion_id,patient_id"))
    found = groups.records["group_id"].tolist()
    assert found[0] == found[1] == found[2]
    assert found[3] == found[4]
    assert pd.isna(found[5])
    assert len({found[0], found[3], found[6]}) == 3


@pytest.mark.parametrize(
    "table",
    ["metadata.csv", "a/b/Metadata.CSV", "challenge-2019-training_metadata_2022-07-10.csv", "metadata (1).csv"],
)
def test_tables_are_found_by_the_names_of_downloads(table: str) -> None:
    assert len(_list(_files(*KINDS, table=table)).records) == 5


def test_several_collections_may_share_images() -> None:
    files = _files(*KINDS)
    listing = _list({f"{place}/{name}": content for place in "ab" for name, content in files.items()})
    assert len(listing.records) == 5


@pytest.mark.parametrize(
    "name",
    ["attribution.txt", "a/attribution.txt", "licenses/CC-0.txt", "LICENSE.md", "ISIC_2020_Training_Duplicates.csv"],
)
def test_attribution_licences_and_tables_of_challenges_are_passed_over(name: str) -> None:
    assert _list(_files(*KINDS) | {name: b""}).quarantine.empty


@pytest.mark.parametrize(
    "name", [f"{_id(0)}_segmentation.png", f"{_id(0)}_superpixels.png", f"masks/{_id(0)}.png", f"{_id(0)}_mask.bmp"]
)
def test_masks_are_set_aside_and_lose_no_image(name: str) -> None:
    listing = _list(_files(*KINDS) | {name: fake_jpeg(99)})
    assert listing.quarantine["file"].tolist() == [name]
    assert losses(listing.quarantine).empty
    assert len(listing.records) == 5


OTHER_IDS = [str.lower, lambda i: f"{i}.jpg", lambda i: f"a/b/{i}.JPG", lambda i: rf"C:\data\{i.lower()}.png"]


@pytest.mark.parametrize("spelled", OTHER_IDS)
def test_ids_with_suffix_folders_and_other_case_find_their_image(spelled: Callable[[str], str]) -> None:
    def respelled(files: dict[str, bytes], column: str) -> dict[str, bytes]:
        return {name: _with_other_ids(content, column, spelled) for name, content in files.items()}

    archive, challenge = _files(*KINDS), _challenge(*ONE_HOT)
    assert_frame_equal(_list(respelled(archive, "isic_id")).records, _list(archive).records)
    assert_frame_equal(_list(respelled(challenge, "image")).records, _list(challenge).records)


def _with_other_ids(content: bytes, column: str, spelled: Callable[[str], str]) -> bytes:
    if not content.startswith(column.encode()):  # an image
        return content
    header, *lines = content.decode().splitlines()
    rows = [",".join([spelled(line.partition(",")[0]), line.partition(",")[2]]) for line in lines]
    return csv_bytes(header, rows)


def test_a_detail_that_cannot_be_read_is_unknown() -> None:
    listing = _list(_files(*KINDS, f"{PERSON.replace('45', 'old')},{NEVUS}"))
    assert listing.warnings.to_numpy().tolist() == [[f"{_id(5)}.jpg", "age", "not an age in years: 'old'"]]
    assert len(listing.records) == 6


def _challenge(*diagnoses: str, people: bool = True) -> dict[str, bytes]:
    ids = [f"{_id(n)}{'_downsampled' if n % 2 else ''}" for n in range(len(diagnoses))]
    rows = [f"{i}," + ",".join(f"{float(d == o)}" for o in ONE_HOT) for i, d in zip(ids, diagnoses, strict=True)]
    files = {f"images/{i}.jpg": fake_jpeg(n) for n, i in enumerate(ids)}
    files["ISIC_2019_Training_GroundTruth.csv"] = csv_bytes(",".join(["image", *ONE_HOT]), rows)
    if people:
        known = [f"{i},30,back,BCN_1,male" for i in ids]
        files["ISIC_2019_Training_Metadata.csv"] = csv_bytes(
            "image,age_approx,anatom_site_general,lesion_id,sex", known
        )
    return files


def test_the_challenge_of_2019_is_read() -> None:
    listing = _list(_challenge(*ONE_HOT, "nothing"))
    assert _labels(listing) == [1, 0, 1, 1, 0, 0, 0, 1, None]
    assert listing.quarantine["reason"].str.partition(":")[0].tolist() == ["row without exactly one diagnosis"]
    assert set(listing.records["group_id"]) == {"BCN_1"}
    assert listing.records["sex"].tolist() == ["male"] * 9


def test_the_challenge_of_2019_is_read_without_its_metadata(caplog: pytest.LogCaptureFixture) -> None:
    listing = _list(_challenge(*ONE_HOT, people=False), task="melanoma")
    assert _labels(listing) == [1, 0, 0, 0, 0, 0, 0, 0, None]
    assert listing.records[["group_id", "age", "sex", "site"]].isna().all(axis=None)
    assert "nothing keeps images of one together" in caplog.text


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a.jpg": b"", "train.csv": b""}, r"metadata\.csv with a column isic_id.*tables train\.csv"),
        ({"metadata.csv": b"id\na\n"}, "isic_id is missing"),
        ({"metadata.csv": csv_bytes("isic_id,diagnosis_1", [f"{_id(0)},Benign"])}, "no image for these rows"),
        ({"metadata.csv": csv_bytes("isic_id,diagnosis_1", ["1,Benign"])}, "mangled"),
    ],
)
def test_source_of_another_layout_is_refused(files: dict[str, bytes], said: str) -> None:
    with pytest.raises(SourceError, match=said):
        _list(files)
