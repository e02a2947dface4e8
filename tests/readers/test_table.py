import io
import re
import shutil
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd
import pytest
import yaml

from nevus.contracts import QUARANTINE_COLUMNS, Listing, Source, SourceError
from nevus.corpus.chunks import read as read_chunk
from nevus.io.raw_files import FolderSource, ZipSource
from nevus.quarantine import losses
from nevus.readers import table
from nevus.readers.options import TableOptions
from tests.fakes import FakeSource, write_zip
from tests.readers.fake_tables import csv_file, image_files

COLUMNS = {"file": "path", "label": "dx", "split": "part"}
OPTIONS = {
    "file": "images.csv",
    "columns": COLUMNS,
    "classes": ("benign", "melanoma"),
    "labels": None,
    "splits": None,
    "source": "our clinic",
}
ROW = {"path": "a.jpg", "dx": "melanoma", "part": "labeled"}


def read(source: Source | None, **changes: Any) -> Listing:
    return table.read(source, TableOptions(**{**OPTIONS, **changes}), size=32)


def listing(*rows: dict[str, object], files: tuple[str, ...] = (), **changes: Any) -> Listing:
    """Of a.jpg, b.jpg and more files beside a table with these rows."""
    return read(FakeSource({"images.csv": csv_file(rows), **image_files("a.jpg", "b.jpg", *files)}), **changes)


def quarantine(found: Listing) -> dict[str, str]:
    assert tuple(found.quarantine.columns) == QUARANTINE_COLUMNS
    return dict(found.quarantine.itertuples(index=False))


def reason_for(row: dict[str, object], **changes: Any) -> str:
    """Why this row about a.jpg ends in quarantine, beside a good row about b.jpg."""
    found = listing(row, {**ROW, "path": "b.jpg"}, **changes)
    assert found.records["file"].tolist() == ["b.jpg"]
    assert len(found.quarantine) == 1
    return str(found.quarantine["reason"].iloc[0])


def test_real_images_beside_a_table_are_listed_whole(sample_data: Path, tmp_path: Path) -> None:
    shutil.copytree(sample_data / "image_folder", tmp_path / "images", copy_function=shutil.copyfile)
    names = sorted((tmp_path / "images").rglob("*.jpg"))
    rows = [{"path": name.relative_to(tmp_path), "dx": name.parent.name, "part": name.parts[-3]} for name in names]
    (tmp_path / "images.csv").write_bytes(csv_file(rows))
    found = read(
        FolderSource(tmp_path),
        labels={"Benign": "benign", "Malignant": "melanoma"},
        splits={"train": "labeled", "test": "test"},
    )
    assert len(found.records) == len(names) == 120
    assert found.quarantine.empty
    assert {name.split("/")[-2] for name in found.records.loc[found.records["label"] == 1, "file"]} == {"Malignant"}
    assert {name.split("/")[1] for name in found.records.loc[found.records["split"] == "test", "file"]} == {"test"}


def test_every_column_of_the_manifest_can_be_given() -> None:
    row = {
        "path": "a.jpg",
        "dx": "melanoma",
        "part": "test",
        "name": "L1_1",
        "kind": "superficial spreading",
        "patient": "P1",
        "years": "55",
        "gender": "F",
        "where": "back",
    }
    given = {"image_id": "name", "diagnosis": "kind", "group_id": "patient", "age": "years", "sex": "gender"}
    found = listing(row, {**row, "path": "b.jpg", "name": "L1_2"}, columns={**COLUMNS, **given, "site": "where"})
    assert found.records.iloc[0].to_dict() == {
        "file": "a.jpg",
        "image_id": "L1_1",
        "split": "test",
        "label": 1,
        "diagnosis": "superficial spreading",
        "group_id": "P1",
        "age": 55.0,
        "sex": "female",
        "site": "back",
        "source": "our clinic",
    }
    assert found.classes == ("benign", "melanoma")


def test_columns_that_are_not_mapped_are_null_and_ids_are_the_names_of_the_files() -> None:
    record = listing(ROW, {**ROW, "path": "b.jpg"}).records.iloc[0]
    assert record["image_id"] == "a.jpg"
    assert record[["diagnosis", "group_id", "age", "sex", "site"]].isna().all()


@pytest.mark.parametrize("copy", ["backup/a.jpg", "images - Copy/A.JPG"])
def test_copy_that_no_row_names_is_no_loss_where_its_bytes_are_the_same(copy: str) -> None:
    files = {"images.csv": csv_file([ROW]), "a.jpg": b"one", copy: b"one", "other/a.jpg": b"two"}
    found = read(FakeSource(files))
    assert quarantine(found)[copy] == "equal copy of another file: a.jpg"
    assert losses(found.quarantine)["file"].tolist() == ["other/a.jpg"]


def test_missing_table_or_column_tells_where_the_options_are() -> None:
    for changes in ({"file": "tables.csv"}, {"columns": {**COLUMNS, "file": "image"}}):
        with pytest.raises(SourceError, match=r"Change ingestion\.table in conf/<env>/parameters\.yml"):
            listing(ROW, **changes)


def test_without_a_split_column_a_label_decides() -> None:
    found = listing(ROW, {"path": "b.jpg", "dx": "unknown", "part": ""}, columns={"file": "path", "label": "dx"})
    assert found.records["split"].tolist() == ["labeled", "unlabeled"]
    assert found.records["label"].tolist() == [1, pd.NA]


def test_without_a_label_column_all_is_unlabeled() -> None:
    found = listing(ROW, {**ROW, "path": "b.jpg"}, columns={"file": "path", "label": None})
    assert found.records["split"].tolist() == ["unlabeled", "unlabeled"]


def test_label_and_diagnosis_of_unlabeled_images_are_hidden() -> None:
    rows = [{**ROW, "part": "unlabeled"}, {"path": "b.jpg", "dx": "not yet sure", "part": "unlabeled"}]
    found = listing(*rows, columns={**COLUMNS, "diagnosis": "dx"})
    assert found.records[["label", "diagnosis"]].isna().all(axis=None)
    assert found.quarantine.empty


@pytest.mark.parametrize(
    "path",
    ["img/a.jpg", "./img/a.jpg", "img\\a.jpg", ".\\img\\a.jpg", "img//a.jpg", " img/a.jpg ", "data/img/a.jpg"],
)
def test_paths_may_start_at_the_table_or_at_the_source(path: str) -> None:
    files = {"data/images.csv": csv_file([{**ROW, "path": path}]), **image_files("data/img/a.jpg")}
    found = read(FakeSource(files))
    assert found.records["file"].tolist() == ["data/img/a.jpg"]
    assert found.quarantine.empty


def test_a_file_beside_the_table_comes_before_one_at_the_top() -> None:
    files = {"data/images.csv": csv_file([ROW]), **image_files("a.jpg", "data/a.jpg")}
    found = read(FakeSource(files))
    assert found.records["file"].tolist() == ["data/a.jpg"]
    assert quarantine(found) == {"a.jpg": "no row of the table names it: data/images.csv"}


def test_accents_match_however_they_are_written() -> None:
    files = {"images.csv": csv_file([{**ROW, "path": "caf\u00e9.jpg"}]), **image_files("cafe\u0301.jpg")}
    assert read(FakeSource(files)).records["file"].tolist() == ["cafe\u0301.jpg"]


@pytest.mark.parametrize(
    "path", ["/a.jpg", "../a.jpg", "x/../a.jpg", "..\\a.jpg", "C:\\a.jpg", "C:/a.jpg", "\\\\server\\a.jpg"]
)
def test_of_a_path_that_leads_out_the_end_is_found_in_the_source_or_nothing(path: str) -> None:
    found = listing({**ROW, "path": path}, {**ROW, "path": "b.jpg"})
    assert found.records["file"].tolist() == ["a.jpg", "b.jpg"]
    gone = path.replace("a.jpg", "gone.jpg")
    found = listing({**ROW, "path": gone}, {**ROW, "path": "b.jpg"})
    assert quarantine(found) == {
        gone: f"path leads out of the source: {gone}",
        "a.jpg": "no row of the table names it: images.csv",
    }


def test_rows_without_a_file_and_files_without_a_row_are_quarantined() -> None:
    rows = [ROW, {**ROW, "path": "gone.jpg"}, {**ROW, "path": ""}]
    files = {"images.csv": csv_file(rows), "notes.txt": b"", "../x.jpg": b"", **image_files("a.jpg", "b.jpg")}
    found = read(FakeSource({**files, "Thumbs.db": b""}))
    kinds = {file: reason.partition(":")[0] for file, reason in quarantine(found).items()}
    assert kinds == {
        "gone.jpg": "no such file",
        "row 3": "row names no file",
        "b.jpg": "no row of the table names it",
        "notes.txt": "text, table or program beside the images",
        "../x.jpg": "name leads out of the archive",
    }


def test_archive_inside_the_source_is_told_from_other_files() -> None:
    files = {"images.csv": csv_file([ROW]), "more/Images.ZIP": b"", "notes.txt": b"", **image_files("a.jpg")}
    kinds = {file: reason.partition(":")[0] for file, reason in quarantine(read(FakeSource(files))).items()}
    assert kinds == {
        "more/Images.ZIP": "archive inside the source",
        "notes.txt": "text, table or program beside the images",
    }


def test_image_whose_name_comes_twice_in_a_zip_is_quarantined_when_it_is_read(tmp_path: Path) -> None:
    rows = [ROW, {**ROW, "path": "b.jpg"}]
    members = [("images.csv", csv_file(rows)), *image_files("a.jpg", "b.jpg").items(), ("a.jpg", b"another")]
    found = read(ZipSource(write_zip(tmp_path / "raw.zip", members)))
    files = found.records["file"].tolist()
    assert (files, found.quarantine.empty) == (["a.jpg", "b.jpg"], True)
    assert list(read_chunk(found.source, files)[1]) == [0]


def test_labels_and_splits_outside_the_known_set_are_quarantined() -> None:
    assert reason_for({**ROW, "dx": "naevus"}) == "unknown label: naevus, wanted one of benign, melanoma"
    assert (
        reason_for({**ROW, "part": "holdout"})
        == "unknown split: holdout, wanted one of labeled, validation, unlabeled, test"
    )
    assert reason_for({**ROW, "part": ""}) == "row names no split"


@pytest.mark.parametrize(
    ("value", "split"),
    [("Train", "labeled"), ("training", "labeled"), ("Valid", "validation"), ("val", "validation"), ("TEST", "test")],
)
def test_splits_may_be_named_as_folders_are(value: str, split: str) -> None:
    assert listing({**ROW, "part": value}).records["split"].tolist() == [split]


def test_words_of_folders_mean_nothing_else_where_the_options_say_what_the_values_mean() -> None:
    assert reason_for({**ROW, "part": "train"}, splits={"labeled": "labeled"}).startswith("unknown split: train")


@pytest.mark.parametrize("split", ["labeled", "validation", "test"])
def test_row_without_a_label_is_quarantined_where_the_split_needs_one(split: str) -> None:
    assert reason_for({**ROW, "dx": "", "part": split}) == f"row has no label, but its split needs one: {split}"


def test_row_without_an_id_is_quarantined_where_the_table_has_ids() -> None:
    rows = [{**ROW, "id": ""}, {**ROW, "path": "b.jpg", "id": "1"}]
    found = listing(*rows, columns={**COLUMNS, "image_id": "id"})
    assert quarantine(found) == {"a.jpg": "row has no image id"}


def test_second_row_about_a_file_is_quarantined() -> None:
    found = listing(ROW, {**ROW, "path": "./a.jpg"}, {**ROW, "path": "b.jpg"})
    assert found.records["file"].tolist() == ["a.jpg", "b.jpg"]
    assert quarantine(found) == {"a.jpg": "another row names the same file"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {"dx": "benign"}),
        ({}, {"part": "test"}),
        ({"patient": "P1"}, {"patient": "P2"}),
        ({"patient": "P1"}, {"patient": "unknown"}),
    ],
)
def test_rows_that_disagree_about_a_file_are_all_quarantined(first: dict[str, str], second: dict[str, str]) -> None:
    columns = {**COLUMNS, "group_id": "patient"} if "patient" in first else COLUMNS
    found = listing({**ROW, **first}, {**ROW, **second}, {**ROW, "path": "b.jpg"}, columns=columns)
    assert found.records["file"].tolist() == ["b.jpg"]
    assert found.quarantine["file"].tolist() == ["a.jpg", "a.jpg"]
    assert set(found.quarantine["reason"]) == {"rows about one file disagree on its label, split or group"}


def test_second_file_of_one_id_is_quarantined() -> None:
    rows = [{**ROW, "id": "7"}, {**ROW, "path": "b.jpg", "id": "7"}]
    found = listing(*rows, columns={**COLUMNS, "image_id": "id"})
    assert found.records["file"].tolist() == ["a.jpg"]
    assert quarantine(found) == {"b.jpg": "same image id as another row: 7"}


def test_a_row_that_is_no_use_does_not_push_out_a_good_one() -> None:
    found = listing({**ROW, "dx": "naevus"}, ROW, {**ROW, "path": "b.jpg"})
    assert found.records["file"].tolist() == ["a.jpg", "b.jpg"]


@pytest.mark.parametrize(
    ("age", "wanted"), [("55", 55.0), ("55.0", 55.0), ("0", 0.0), ("unknown", None), ("old", None), ("999", None)]
)
def test_age_that_is_none_is_unknown_and_the_image_stays(age: str, wanted: float | None) -> None:
    found = listing({**ROW, "age": age}, {**ROW, "path": "b.jpg", "age": ""}, columns={**COLUMNS, "age": "age"})
    assert found.records["age"].astype(object).where(found.records["age"].notna(), None).tolist() == [wanted, None]
    assert found.quarantine.empty


@pytest.mark.parametrize("labels", [{0: "benign", 1: "melanoma"}, {"0": "benign", "1": "melanoma"}])
@pytest.mark.parametrize("values", [("0", "1"), ("0.0", "1.0"), ("0,0", "1,0")])
def test_numbers_can_be_labels(labels: dict[Any, str], values: tuple[str, str]) -> None:
    rows = [{**ROW, "dx": values[0]}, {**ROW, "path": "b.jpg", "dx": values[1]}]
    assert listing(*rows, labels=labels).records["label"].tolist() == [0, 1]


def test_several_values_can_be_one_class() -> None:
    rows = [{**ROW, "dx": "nv"}, {**ROW, "path": "b.jpg", "dx": "bkl"}]
    assert listing(*rows, labels={"nv": "benign", "bkl": "benign"}).records["label"].tolist() == [0, 0]


def test_parquet_gives_the_same_as_csv() -> None:
    rows = pd.DataFrame({"path": ["a.jpg", "b.jpg"], "dx": [1.0, None], "age": [55, 60]})
    buffer = io.BytesIO()
    rows.to_parquet(buffer)
    options = {"labels": {1: "melanoma"}, "columns": {"file": "path", "label": "dx", "age": "age"}}
    images = image_files("a.jpg", "b.jpg")
    parquet = read(FakeSource({"x.parquet": buffer.getvalue(), **images}), file="x.parquet", **options)
    text = read(FakeSource({"x.csv": rows.to_csv(index=False).encode(), **images}), file="x.csv", **options)
    pd.testing.assert_frame_equal(parquet.records, text.records)
    assert parquet.records["split"].tolist() == ["labeled", "unlabeled"]


def test_one_of_several_tables_is_chosen_by_its_path() -> None:
    files = {"x/images.csv": csv_file([ROW]), "y/images.csv": csv_file([ROW]), **image_files("x/a.jpg", "y/a.jpg")}
    assert read(FakeSource(files), file="y/images.csv").records["file"].tolist() == ["y/a.jpg"]
    with pytest.raises(SourceError, match=r"x/images\.csv, y/images\.csv"):
        read(FakeSource(files))


def test_columns_that_the_table_lacks_are_named_with_those_found() -> None:
    with pytest.raises(SourceError, match=r"diagnosis(.|\n)*missing; found path, dx, part"):
        listing(ROW, columns={**COLUMNS, "label": "diagnosis"})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"columns": {**COLUMNS, "lesion": "x"}}, "knows file, image_id.* but found lesion"),
        ({"columns": {"label": "dx"}}, "which column gives the file"),
        ({"columns": {"file": None}}, "which column gives the file"),
        ({"classes": ("benign", "benign")}, "classes must differ"),
        ({"labels": {"nv": "naevus"}}, "must lead to one of benign, melanoma, but leads to 'naevus'"),
        ({"splits": {"train": "training"}}, "must lead to one of labeled, .* but leads to 'training'"),
        ({"labels": {"NA": "benign"}}, "gives a meaning to 'NA'"),
        ({"classes": ("none", "melanoma")}, "gives a meaning to 'none'"),
        ({"file": "other.csv"}, r"other\.csv(.|\n)*images\.csv"),
    ],
)
def test_options_that_do_not_fit_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        listing(ROW, **changes)


def test_table_of_which_no_row_can_be_used_is_refused_with_examples() -> None:
    with pytest.raises(SourceError, match=r"2 x no such file, such as x/c\.jpg(.|\n)*'a\.jpg', 'b\.jpg'"):
        listing({**ROW, "path": "x/c.jpg"}, {**ROW, "path": "x/d.jpg"})
    with pytest.raises(SourceError, match="no rows"):
        read(FakeSource({"images.csv": b"path,dx,part\n", **image_files("a.jpg")}))


def test_missing_source_is_refused() -> None:
    with pytest.raises(SourceError, match="catalog names no files"):
        read(None)


def defaults(project: Path) -> dict[str, Any]:
    parameters = yaml.safe_load((project / "conf" / "base" / "parameters" / "ingestion.yml").read_text())
    return dict(parameters["ingestion"]["table"])


def page(project: Path, name: str) -> dict[str, str]:
    """The last YAML and the last CSV that a how-to page shows."""
    text = (project / "docs" / "how_to" / name).read_text()
    return dict(re.findall(r"^```(yaml|csv)\n(.*?)^```", text, re.MULTILINE | re.DOTALL))


def test_the_smallest_table_of_the_page_fits_the_defaults(project: Path) -> None:
    content = page(project, "bring_your_own_images.md")["csv"].encode()
    images = image_files("images/0001.jpg", "images/0002.jpg")
    found = table.read(FakeSource({"images.csv": content, **images}), TableOptions(**defaults(project)), size=32)
    assert found.records["label"].tolist() == [1, 0]
    assert found.records["split"].tolist() == ["labeled", "labeled"]
    assert found.quarantine.empty


def test_the_example_of_the_page_works(project: Path) -> None:
    """The YAML and the CSV that docs/how_to/read_a_table.md shows, together with the parameters of the project."""
    blocks, base = page(project, "read_a_table.md"), defaults(project)
    mine = yaml.safe_load(blocks["yaml"])["ingestion"]
    options = {**base, **mine["table"], "columns": {**base["columns"], **mine["table"]["columns"]}}  # as Kedro merges
    rows = pd.read_csv(io.StringIO(blocks["csv"]))
    names = [str(PurePosixPath(path.replace("\\", "/"))) for path in rows["path"]]
    files = {"lesions.csv": blocks["csv"].encode(), **image_files(*names)}

    found = table.read(FakeSource(files), TableOptions(**options), size=32)
    assert mine["format"] == "table"
    assert found.records["split"].tolist() == ["labeled", "labeled", "unlabeled", "test", "test"]
    assert found.records["label"].tolist() == [1, 0, pd.NA, 1, 0]
    assert found.records["group_id"].tolist() == ["P1", "P2", "P2", "P3", "P4"]
    assert found.records["sex"].tolist() == ["female", "male", "male", None, "female"]
    assert quarantine(found) == {}


def test_case_of_labels_does_not_matter_unless_it_makes_the_difference() -> None:
    rows = [{**ROW, "dx": "MELANOMA"}, {**ROW, "path": "b.jpg", "dx": "Benign"}]
    assert listing(*rows).records["label"].tolist() == [1, 0]
    labels = {"m": "melanoma", "M": "benign"}
    rows = [{**ROW, "dx": "m"}, {**ROW, "path": "b.jpg", "dx": "M"}]
    assert listing(*rows, labels=labels).records["label"].tolist() == [1, 0]


def test_ambiguous_row_names_the_files_and_equal_copies_are_told() -> None:
    rows = [{**ROW, "path": "x.jpg"}, {**ROW, "path": "b.jpg"}]
    files = {"images.csv": csv_file(rows), "b.jpg": b"b", "1/x.jpg": b"one", "2/x.jpg": b"two"}
    assert quarantine(read(FakeSource(files)))["x.jpg"] == "several files fit the row: 1/x.jpg, 2/x.jpg"
    assert set(quarantine(read(FakeSource(files))).values()) == {"several files fit the row: 1/x.jpg, 2/x.jpg"}
    found = read(FakeSource({**files, "2/x.jpg": b"one"}))
    assert found.records["file"].tolist() == ["1/x.jpg", "b.jpg"]
    assert quarantine(found) == {"2/x.jpg": "equal copy of another file: 1/x.jpg"}


def test_mask_is_set_aside_unless_a_row_names_it() -> None:
    files = ("a_mask.png", "b_mask.png")
    found = listing(ROW, {**ROW, "path": "b_mask.png"}, {**ROW, "path": "b.jpg"}, files=files)
    assert found.records["file"].tolist() == ["a.jpg", "b_mask.png", "b.jpg"]
    assert losses(found.quarantine).empty
    assert found.quarantine["file"].tolist() == ["a_mask.png"]
