import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from nevus.contracts import QUARANTINE_COLUMNS, Listing, Source, SourceError
from nevus.io.raw_files import FolderSource, ZipSource
from nevus.quarantine import losses
from nevus.readers import ham10000
from nevus.readers.options import Ham10000Options
from tests.fakes import FakeSource, write_folder, write_zip
from tests.readers.fake_challenges import csv_bytes, ham10000_files, ham10000_rows

TABLE = "HAM10000_metadata.csv"
HEADER = "lesion_id,image_id,dx,dx_type,age,sex,localization"
NEW = "ISIC_0099999"
CONTRADICTING = f"HAM_0000099,{NEW},mel,histo,50,male,back"


def read(source: Source | None, task: str = "seven", confirmed_by: Any = None) -> Listing:
    options = Ham10000Options.model_validate({"task": task, "confirmed_by": confirmed_by})
    return ham10000.read(source, options, size=32)


def _list(files: dict[str, bytes], task: str = "seven", confirmed_by: Any = None) -> Listing:
    return read(FakeSource(files), task, confirmed_by)


def _with_rows(*rows: str) -> dict[str, bytes]:
    """The fake data set with more rows, and an image for them."""
    files = ham10000_files(extra={f"HAM10000_images_part_2/{NEW}.jpg": b""})
    files[TABLE] += "".join(row + "\r\n" for row in rows).encode()
    return files


def _quarantine(files: dict[str, bytes]) -> dict[str, str]:
    table = _list(files).quarantine
    assert tuple(table.columns) == QUARANTINE_COLUMNS
    return dict(table.itertuples(index=False))


@pytest.mark.parametrize(
    ("task", "counts", "lost"),
    [
        ("melanoma_nevus", {"nevus": 300, "melanoma": 150}, 6705 + 1113 - 450),
        ("malignant_benign", {"benign": 520, "malignant": 330}, 10_015 - 850),
        (
            "seven",
            {
                "actinic keratosis": 80,
                "basal cell carcinoma": 100,
                "benign keratosis": 150,
                "dermatofibroma": 30,
                "melanoma": 150,
                "nevus": 300,
                "vascular lesion": 40,
            },
            10_015 - 850,
        ),
    ],
)
def test_real_sample_is_listed_by_task(sample_data: Path, task: str, counts: dict[str, int], lost: int) -> None:
    listing = read(FolderSource(sample_data / "ham10000"), task)
    names = listing.records["label"].map(dict(enumerate(listing.classes)))
    assert names.value_counts().to_dict() == counts
    assert tuple(counts) == listing.classes
    assert listing.quarantine["reason"].str.split(":").str[0].value_counts().to_dict() == {"row without a file": lost}


def test_real_sample_carries_lesions_and_patients(sample_data: Path) -> None:
    records = read(FolderSource(sample_data / "ham10000")).records
    assert records["group_id"].nunique() == 850
    assert records[["age", "sex", "site"]].isna().sum().to_dict() == {"age": 4, "sex": 4, "site": 16}
    assert set(records["sex"].dropna()) == {"female", "male"}
    assert records["age"].dropna().between(0, 85).all()


@pytest.mark.parametrize(
    ("confirmed_by", "count"), [(["histo"], 521), (["follow_up", "confocal"], 218), (["consensus"], 111)]
)
def test_real_sample_can_be_narrowed_to_how_the_diagnosis_was_confirmed(
    sample_data: Path, confirmed_by: list[str], count: int
) -> None:
    assert len(read(FolderSource(sample_data / "ham10000"), confirmed_by=confirmed_by).records) == count


def test_images_of_both_folders_are_listed_with_their_lesion() -> None:
    listing = _list(ham10000_files(14))
    assert listing.records["image_id"].tolist() == sorted(row.split(",")[1] for row in ham10000_rows(14))
    assert listing.records["group_id"].value_counts().tolist() == [2] * 14
    assert set(listing.records["file"].str.split("/").str[0]) == {"HAM10000_images_part_1", "HAM10000_images_part_2"}
    assert set(listing.records["split"]) == {"labeled"}
    assert listing.quarantine.empty


def test_values_of_the_table_become_the_manifests() -> None:
    records = _list(ham10000_files(14)).records.set_index("group_id").groupby(level=0).first()
    first, second = records.loc["HAM_0000000"], records.loc["HAM_0000001"]
    assert pd.isna(first["age"])
    assert (first["sex"], first["diagnosis"], first["site"], first["source"]) == (
        "male",
        "melanoma",
        "back",
        "HAM10000",
    )
    assert (second["age"], second["sex"], second["diagnosis"]) == (45.0, "female", "nevus")
    assert pd.isna(records.loc["HAM_0000002", "sex"])


@pytest.mark.parametrize(
    ("task", "classes", "malignant"),
    [
        ("melanoma_nevus", ("nevus", "melanoma"), {"melanoma"}),
        ("malignant_benign", ("benign", "malignant"), {"melanoma", "basal cell carcinoma", "actinic keratosis"}),
    ],
)
def test_two_class_tasks_look_for_the_second_class(task: str, classes: tuple[str, str], malignant: set[str]) -> None:
    listing = _list(ham10000_files(14), task)
    assert listing.classes == classes
    assert set(listing.records.loc[listing.records["label"] == 1, "diagnosis"]) == malignant


def test_rows_not_asked_for_are_left_out_with_their_images() -> None:
    listing = _list(ham10000_files(14), "melanoma_nevus")
    assert set(listing.records["diagnosis"]) == {"melanoma", "nevus"}
    assert listing.quarantine.empty


@pytest.mark.parametrize(
    "name", ["HAM10000_metadata", "HAM10000_metadata.tab", "dataverse_files/HAM10000_metadata.csv"]
)
def test_table_is_found_by_the_names_that_dataverse_gives_it(name: str) -> None:
    files = ham10000_files(table=name)
    if name.endswith(".tab"):
        files[name] = files[name].replace(b",", b"\t")
    assert len(_list(files).records) == 28
    assert _list(files).quarantine.empty


def test_zip_and_folder_give_the_same_records(tmp_path: Path) -> None:
    files = ham10000_files()
    packed = read(ZipSource(write_zip(tmp_path / "a.zip", files)))
    pd.testing.assert_frame_equal(packed.records, read(FolderSource(write_folder(tmp_path / "a", files))).records)


@pytest.mark.parametrize(
    "name",
    [
        "HAM10000_segmentations_lesion_tschandl/ISIC_0024000_segmentation.png",
        "HAM10000_segmentations_lesion_tschandl.zip",
        "ISIC2018_Task3_Test_Images/ISIC_0034524.jpg",
        "ISIC2018_Task3_Test_GroundTruth.tab",
        "hmnist_28_28_RGB.csv",
    ],
)
def test_known_companions_are_passed_over(name: str) -> None:
    assert losses(_list(ham10000_files(extra={name: b""})).quarantine).empty


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("HAM10000_images_part_1/ISIC_0099999.jpg", "file without a row"),
        ("HAM10000_images_part_1/cat.jpg", "wrong name"),
        ("HAM10000_images_part_2.zip", "archive"),
        ("README.txt", "beside the images"),
        ("/etc/ISIC_0099999.jpg", "leads out"),
    ],
)
def test_other_files_are_quarantined_with_a_reason(name: str, reason: str) -> None:
    files = ham10000_files(extra={name: b""})
    assert [reason in said for said in _quarantine(files).values()] == [True]
    assert len(_list(files).records) == 28


def test_second_folder_of_the_same_images_is_quarantined() -> None:
    images = {name: content for name, content in ham10000_files().items() if name.endswith(".jpg")}
    source = FakeSource(ham10000_files(extra={name.lower().replace("isic", "ISIC"): c for name, c in images.items()}))
    listing = read(source)
    assert len(listing.records) == 28
    assert listing.quarantine["reason"].str.startswith("equal copy of another file: HAM10000_images").tolist() == (
        [True] * 28
    )


def test_different_files_of_one_id_are_all_quarantined_whichever_comes_first() -> None:
    image = "HAM10000_images_part_1/ISIC_0024000.jpg"
    for other in ("A_small/ISIC_0024000.png", "small/ISIC_0024000.png"):
        files = ham10000_files(extra={other: b"small", f"copy/{image}": ham10000_files()[image]})
        kinds = {file: reason.partition(":")[0] for file, reason in _quarantine(files).items()}
        names = {"ISIC_0024000", image, f"copy/{image}", other}
        assert kinds == dict.fromkeys(names, "several different files of one id")
        assert "ISIC_0024000" not in set(_list(files).records["image_id"])


def test_only_files_that_share_an_id_are_read() -> None:
    source = FakeSource(ham10000_files(extra={"small/ISIC_0024000.png": b"small"}))
    read(source)
    assert sorted(source.reads) == [
        "HAM10000_images_part_1/ISIC_0024000.jpg",
        TABLE,
        "small/ISIC_0024000.png",
    ]


def test_other_images_named_like_all_images_are_refused_saying_so() -> None:
    images = [name for name in ham10000_files() if name.endswith(".jpg")]
    small = {f"small/{name.split('/')[1]}": b"small" for name in images}
    with pytest.raises(SourceError, match=r"0 images.*several different files of one id"):
        _list(ham10000_files(extra=small))


@pytest.mark.parametrize("suffix", [".JPG", ".jpeg", ".png"])
def test_suffix_may_be_written_otherwise(suffix: str) -> None:
    files = {name.replace(".jpg", suffix): content for name, content in ham10000_files().items()}
    assert len(_list(files).records) == 28


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"HAM_0000099,{NEW},scc,histo,50,male,back", "unknown dx: 'scc'"),
        (f"HAM_0000099,{NEW},,histo,50,male,back", "unknown dx"),
        (f",{NEW},mel,histo,50,male,back", "wrong lesion id"),
    ],
)
def test_rows_with_unknown_values_are_quarantined_under_the_name_of_their_file(row: str, reason: str) -> None:
    quarantine = _quarantine(_with_rows(row))
    assert list(quarantine) == [f"HAM10000_images_part_2/{NEW}.jpg"]
    assert reason in next(iter(quarantine.values()))


@pytest.mark.parametrize(
    ("details", "column", "reason"),
    [
        ("guess,50,male,back", "dx_type", "unknown dx_type"),
        ("histo,old,male,back", "age", "not an age in years: 'old'"),
        ("histo,50,robot,back", "sex", "unknown sex: 'robot'"),
    ],
)
def test_an_image_stays_without_a_detail_that_cannot_be_read(details: str, column: str, reason: str) -> None:
    listing = _list(_with_rows(f"HAM_0000099,{NEW},mel,{details}"))
    assert NEW in set(listing.records["image_id"])
    assert listing.quarantine.empty
    assert listing.warnings["file"].tolist() == [f"HAM10000_images_part_2/{NEW}.jpg"]
    assert listing.warnings["column"].tolist() == [column]
    assert reason in listing.warnings["reason"].iloc[0]


def test_images_stay_without_the_columns_of_the_details() -> None:
    files = ham10000_files()
    files[TABLE] = csv_bytes("Lesion_ID,image_id,DX", [",".join(row.split(",")[:3]) for row in ham10000_rows()])
    records = _list(files).records
    assert len(records) == 28
    assert records[["age", "sex", "site"]].isna().all(axis=None)


def test_rows_of_one_image_that_differ_in_a_detail_leave_it_unknown() -> None:
    row = f"HAM_0000099,{NEW},mel,histo"
    listing = _list(_with_rows(f"{row},50,male,back", f"{row},60,male,back"))
    record = listing.records.set_index("image_id").loc[NEW]
    assert (pd.isna(record["age"]), record["sex"], record["site"]) == (True, "male", "back")
    assert listing.warnings["column"].tolist() == ["age"]


def test_rows_without_a_file_and_with_wrong_ids_are_quarantined() -> None:
    rows = [f"HAM_0000099,{image_id},mel,histo,50,male,back" for image_id in ("ISIC_0088888", "12", NEW)]
    quarantine = _quarantine(_with_rows(*rows))
    assert {file: reason.split(":")[0] for file, reason in quarantine.items()} == {
        "ISIC_0088888": "row without a file",
        "12": "wrong image id",
    }


def test_repeated_rows_leave_one_record_and_contradicting_ones_none() -> None:
    row = f"HAM_0000099,{NEW},mel,histo,50,male,back"
    repeated = _list(_with_rows(row, row))
    assert (repeated.records["image_id"] == NEW).sum() == 1
    assert repeated.quarantine["reason"].str.startswith("repeated row").tolist() == [True]
    contradicting = _list(_with_rows(row, row, row.replace("mel", "nv")))
    assert NEW not in set(contradicting.records["image_id"])
    assert contradicting.quarantine["reason"].str.startswith("contradicting rows").tolist() == [True] * 3


@pytest.mark.parametrize(("column", "name"), [(0, "lesion_id"), (1, "image_id")])
def test_table_whose_ids_a_spreadsheet_replaced_is_refused(column: int, name: str) -> None:
    rows = [row.split(",") for row in ham10000_rows()]
    mangled = [",".join([*row[:column], str(number), *row[column + 1 :]]) for number, row in enumerate(rows, 1)]
    files = ham10000_files() | {TABLE: csv_bytes(HEADER, mangled)}
    with pytest.raises(
        SourceError, match=f"{TABLE} was mangled by a spreadsheet: 28 of its 28 rows have no {name}.*'1'"
    ):
        _list(files)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"images/ISIC_0024000.jpg": b""}, "HAM10000_metadata.csv or HAM10000_metadata or"),
        ({TABLE: b"", "copy/HAM10000_metadata": b""}, "copy/HAM10000_metadata"),
        ({TABLE: b"image_id,dx\nISIC_0024000,mel\n"}, "lesion_id is missing"),
        ({TABLE: csv_bytes(HEADER, ham10000_rows())}, "28 rows, 28 of them asked for .* 0 images.*Unpack the images"),
        ({TABLE: csv_bytes(HEADER, [CONTRADICTING.replace("mel", "Naevus")])}, "Correct these rows in the table"),
        ({TABLE: csv_bytes(HEADER, [CONTRADICTING, CONTRADICTING.replace("mel", "nv")])}, "contradicting rows"),
    ],
)
def test_source_of_another_layout_is_refused(files: dict[str, bytes], said: str) -> None:
    with pytest.raises(SourceError, match=said):
        _list(files)


def test_options_that_leave_nothing_are_refused() -> None:
    with pytest.raises(SourceError, match=r"0 of them asked for.*Choose other options"):
        _list(ham10000_files(), confirmed_by=["confocal"])


def test_missing_source_is_refused() -> None:
    with pytest.raises(SourceError, match="needs files"):
        read(None)


@pytest.mark.parametrize("form", ["{}.jpg", "images/{}.JPG", "C:\\ham\\{}.png"])
def test_ids_with_folders_suffix_and_other_case_find_their_image(form: str) -> None:
    files = ham10000_files()
    ids = re.compile(rb"ISIC_[0-9]{7}")
    table = ids.sub(lambda found: form.format(found[0].decode().lower()).encode(), files[TABLE])
    assert _list(files | {TABLE: table}).records["image_id"].equals(_list(files).records["image_id"])
    lower = {name.replace("ISIC", "isic"): content for name, content in files.items()}
    assert _list(lower).records["image_id"].equals(_list(files).records["image_id"])


def test_diagnosis_may_be_written_in_capitals() -> None:
    files = ham10000_files()
    shouted = {**files, TABLE: files[TABLE].replace(b",mel,", b",MEL,").replace(b",histo,", b",Histo,")}
    assert _list(shouted).records.equals(_list(files).records)


ONE_HOT = ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC")


def _one_hot_files(name: str, *more: str, lesions: bool = False) -> dict[str, bytes]:
    """The fake data set as ISIC 2018 has it, with more rows of values for the first images."""
    rows = [row.split(",") for row in ham10000_rows()]
    files = {file: content for file, content in ham10000_files().items() if file != TABLE}
    truth = [f"{row[1]}," + ",".join(f"{float(row[2] == dx.lower())}" for dx in ONE_HOT) for row in rows[len(more) :]]
    truth += [f"{row[1]},{values}" for row, values in zip(rows, more, strict=False)]
    files[name] = csv_bytes(",".join(["image", *ONE_HOT]), truth)
    if lesions:
        kept = [f"{row[1]},{row[0]},histopathology" for row in rows]
        files["ISIC2018_Task3_Training_LesionGroupings.csv"] = csv_bytes("image,lesion_id,diagnosis_confirm_type", kept)
    return files


@pytest.mark.parametrize("name", ["GroundTruth.csv", "a/ISIC2018_Task3_Training_GroundTruth.csv"])
def test_one_hot_ground_truth_stands_in_for_the_table(name: str, caplog: pytest.LogCaptureFixture) -> None:
    own, listing = _list(ham10000_files()), _list(_one_hot_files(name))
    assert listing.quarantine.empty
    pd.testing.assert_frame_equal(
        listing.records[["file", "label", "diagnosis"]], own.records[["file", "label", "diagnosis"]]
    )
    assert listing.records["group_id"].isna().all()
    assert "nothing keeps images of one lesion on one side" in caplog.text


@pytest.mark.parametrize("suffix", ["", ".jpg"])
def test_lesion_groupings_give_lesions_and_confirmation(suffix: str) -> None:
    files = _one_hot_files("GroundTruth.csv", lesions=True)
    groupings = "ISIC2018_Task3_Training_LesionGroupings.csv"
    files[groupings] = files[groupings].replace(b",HAM", f"{suffix},HAM".encode())
    listing = _list(files, confirmed_by=["histo"])
    assert listing.records["group_id"].value_counts().tolist() == [2] * 14
    assert listing.quarantine.empty


@pytest.mark.parametrize("values", ["0,0,0,0,0,0,0", "1,1,0,0,0,0,0", "1,x,0,0,0,0,0", "2,0,0,0,0,0,0", ",,,,,,"])
def test_rows_without_exactly_one_diagnosis_are_set_aside(values: str) -> None:
    listing = _list(_one_hot_files("GroundTruth.csv", values))
    assert listing.quarantine["reason"].str.startswith("row without exactly one diagnosis: MEL").tolist() == [True]
    assert listing.quarantine["file"].iloc[0].endswith(".jpg")
    assert len(listing.records) == 27


@pytest.mark.parametrize(("zero", "one"), [("0", "1"), ("0.0", "1.0"), ("0,0", "1,0")])
def test_one_hot_numbers_may_be_written_with_either_decimal_sign(zero: str, one: str) -> None:
    files = _one_hot_files("GroundTruth.csv")
    text = files["GroundTruth.csv"].decode().replace(",", ";").replace("0.0", zero).replace("1.0", one)
    listing = _list({**files, "GroundTruth.csv": text.encode()})
    assert listing.quarantine.empty
    assert len(listing.records) == 28
