import io
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from nevus.contracts import SourceError, Table
from nevus.readers.tables import find_table, find_tables, mangling, read_table, set_aside
from tests.fakes import FakeSource

ID = re.compile("ISIC_[0-9]{7}")


def _read(content: bytes, *, name: str = "a.csv", required: tuple[str, ...] = ("id",)) -> Table:
    return read_table(FakeSource({name: content}), name, required=required)


def _mangling(ids: list[str | None]) -> str | None:
    return mangling(pd.DataFrame({"id": ids}), "a.csv", "id", ID, wanted="ISIC_<7 digits>")


def test_a_table_is_found_in_any_folder_and_case() -> None:
    assert find_table(["x/y/Train.CSV", "x/test.csv"], "train.csv") == "x/y/Train.CSV"


def test_a_table_is_found_by_any_of_its_spellings() -> None:
    assert find_table(["x/HAM", "HAM.txt"], "HAM.csv", "HAM") == "x/HAM"


@pytest.mark.parametrize(("names", "said"), [(["b/other.csv"], "b/other.csv"), (["a/t.csv", "b/t.csv"], "b/t.csv")])
def test_no_table_or_two_are_refused_by_name(names: list[str], said: str) -> None:
    with pytest.raises(SourceError, match=said):
        find_table(names, "t.csv")


@pytest.mark.parametrize("close", ["train (1).csv", "Copy of train.csv", "x/train - Copy.csv", "train.csv.txt"])
def test_a_table_of_nearly_the_right_name_is_told_to_be_renamed(close: str) -> None:
    with pytest.raises(SourceError, match=f"Rename '{re.escape(close)}' to train.csv"):
        find_table(["other.csv", close], "train.csv", "truth.csv")


@pytest.mark.parametrize("suffix", [".csv.gz", ".csv.zip", ".zip", ".7z", ".csv.XZ"])
def test_a_table_in_an_archive_is_told_to_be_unpacked(suffix: str) -> None:
    with pytest.raises(SourceError, match=f"Unpack 'a/train{re.escape(suffix)}'"):
        find_table(["other.csv", "train.jpg", f"a/train{suffix}"], "train.csv")


@pytest.mark.parametrize(
    ("name", "content"),
    [("t.json", b'[{"id": "a b"}, {"id": "c"}]'), ("my t's.jsonl", b'{"id": "a b"}\n{"id": "c"}\n')],
)
def test_json_becomes_a_table_by_the_command_named(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError) as named:
        find_table([name], f"{Path(name).stem}.csv")
    with pytest.raises(SourceError) as read:
        _read(content, name=name)
    command = str(read.value).split("`")[1]
    assert command in str(named.value)
    words = [sys.executable, *shlex.split(command)[1:]]
    subprocess.run(words, cwd=tmp_path, check=True)
    table = Path(name).with_suffix(".csv").name
    assert _read((tmp_path / table).read_bytes(), required=("id",))["id"].tolist() == ["a b", "c"]


@pytest.mark.parametrize("header", ["id,n", '"id,n"', '"id","n"'])
def test_rows_that_are_one_value_in_quotes_are_taken_apart(header: str) -> None:
    table = _read(f'{header}\n"a,""1,5"""\n"b,2"\n\n'.encode())
    assert table.to_dict("list") == {"id": ["a", "b"], "n": ["1,5", "2"]}


def test_all_tables_of_a_name_can_be_had() -> None:
    assert find_tables(["a/t.csv", "b/T.csv", "c/u.csv"], "t.csv") == ["a/t.csv", "b/T.csv"]


@pytest.mark.parametrize("name", ["../t.csv", "/t.csv", "__MACOSX/t.csv"])
def test_tables_that_must_not_be_opened_are_not_found(name: str) -> None:
    assert find_tables(["a/t.csv", name], "t.csv") == ["a/t.csv"]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends_of_spreadsheets_are_read(separator: str, end: str) -> None:
    text = end.join([f'"id"{separator} label ', f'"1{separator}0"{separator}  x', ""])
    table = _read(b"\xef\xbb\xbf" + text.encode())
    assert table.to_dict("list") == {"id": [f"1{separator}0"], "label": ["x"]}


def test_values_stay_text_and_unknown_ones_are_null() -> None:
    table = _read(b"id,n\n007,NaN\n1e3,unknown\n ,2.0\n")
    assert table["id"].tolist() == ["007", "1e3", None]
    assert table["n"].tolist() == [None, None, "2.0"]


def test_empty_columns_and_rows_at_the_ends_are_passed_over() -> None:
    assert _read(b"id,n,,,\na,1,,,\nb,2,,,\n,,,,\n\n").to_dict("list") == {"id": ["a", "b"], "n": ["1", "2"]}
    assert _read(b"id,n\na,1,\nb,2,\n").to_dict("list") == {"id": ["a", "b"], "n": ["1", "2"]}


def test_rows_that_are_too_short_end_in_nulls_and_nameless_values_are_kept() -> None:
    assert _read(b"id,,m\na\nb,1,\n").to_dict("list") == {"id": ["a", "b"], "column 2": [None, "1"], "m": [None, None]}


def test_parquet_is_read_as_text_too() -> None:
    buffer = io.BytesIO()
    pd.DataFrame({"id": ["a", None], "n": [1, 2]}).to_parquet(buffer)
    table = _read(buffer.getvalue(), name="a.parquet")
    assert table["id"].tolist() == ["a", None]
    assert table["n"].tolist() == ["1", "2"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\n,,\n", "empty"),
        (b"id,n\n,\n", "no rows"),
        (b"id,n\na,1\nb,1,2\n", "row 2 has more values than the 2 columns"),
        (b"id,n,id\na,1,b\n", "several columns named id"),
        (b"key,n\na,1\n", "missing; found key, n"),
        (b"id,n\n\x81,1\n", "cannot be read"),
        (b"PK\x03\x04broken", "cannot be read: the workbook or archive is damaged"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 2\n", "Git LFS pointer(.|\n)*git lfs pull"),
        (b"/annex/objects/SHA256E-s1--a.csv\n", "is no table: git-annex pointer(.|\n)*git annex get"),
        (b"\0" * 2000, "is no table: file of nothing but zero bytes(.|\n)*fetch the files again"),
        (b"[InternetShortcut]\nURL=https://example.org\n", "is no table: shortcut or alias"),
        (b"\r\n<!DOCTYPE html>\n<html></html>", "web page(.|\n)*Download"),
        (
            b"\xd0\xcf\x11\xe0" + bytes(9) + "EncryptedPackage".encode("utf-16-le"),
            "with a password(.|\n)*save the sheet",
        ),
        (b"$FL2@(#) SPSS" + bytes(range(256)), "cannot be read: its content is no text"),
        (b"%PDF-1.4\n\xe2\xe3\xcf\xd3\nobj", "cannot be read: its content is no text"),
        (b"<html><table><tr><td>id</td></tr></table></html>", "web page with a table(.|\n)*save the sheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", r"old kind(.|\n)*save the sheet"),
    ],
)
def test_what_is_no_proper_table_is_refused_with_its_name(content: bytes, said: str) -> None:
    with pytest.raises(SourceError, match=f"a.csv(.|\n)*{said}"):
        _read(content)


def test_broken_parquet_is_refused() -> None:
    with pytest.raises(SourceError, match=r"a\.parquet cannot be read"):
        _read(b"no parquet", name="a.parquet")


def test_ids_rewritten_by_a_spreadsheet_are_told_with_count_and_example() -> None:
    said = _mangling(["1", "2", "3", "ISIC_0000001"])
    assert said is not None
    assert all(part in said for part in ("a.csv", "mangled by a spreadsheet", "3 of its 4 rows", "'1'"))


@pytest.mark.parametrize("ids", [["a", "b", "c"], ["0024306", "0024307"], ["ISIC_1_downsampled", "ISIC_2_downsampled"]])
def test_ids_of_another_form_are_not_blamed_on_a_spreadsheet(ids: list[str | None]) -> None:
    said = _mangling(ids)
    assert said is not None
    assert "ids of another form" in said
    assert "spreadsheet" not in said


@pytest.mark.parametrize("ids", [[], ["ISIC_0000001", None], ["ISIC_0000001", "ISIC_0000002", "7"]])
def test_a_few_bad_ids_are_no_mangling(ids: list[str | None]) -> None:
    assert _mangling(ids) is None


def test_rows_set_aside_are_named_by_id_or_number() -> None:
    table = pd.DataFrame({"id": ["a", None, "c"]})
    good, aside = set_aside(table, pd.Series([True, True, False]), "bad: so", id_column="id")
    assert good["id"].tolist() == ["c"]
    assert aside.to_dict("list") == {"file": ["a", "row 2"], "reason": ["bad: so", "bad: so"]}


def test_reasons_may_differ_by_row() -> None:
    table = pd.DataFrame({"id": ["a", "b", "c"]})
    reasons = pd.Series(["x", "y", "z"])
    assert set_aside(table, pd.Series([True, False, True]), reasons, id_column="id")[1]["reason"].tolist() == ["x", "z"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_text_is_read_in_any_encoding_that_spreadsheets_write(encoding: str, separator: str) -> None:
    text = "".join(separator.join(row) + "\r\n" for row in [("id", "site"), ("a", "épaule"), ("b", "Rücken")])
    assert _read(text.encode(encoding)).to_dict("list") == {"id": ["a", "b"], "site": ["épaule", "Rücken"]}


def test_utf_16_with_the_other_byte_order_is_read() -> None:
    assert _read(b"\xfe\xff" + "id\né\n".encode("utf-16-be"))["id"].tolist() == ["é"]


def test_only_windows_1252_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        _read("id\né\n".encode())
        assert not caplog.messages
        _read("id\né\n".encode("cp1252"))
    assert len(caplog.messages) == 1
    assert "a.csv" in caplog.messages[0]
    assert "Windows-1252" in caplog.messages[0]


@pytest.mark.parametrize("first", ["sep=;\n", "sep=;\r\n"])
def test_excels_note_about_the_separator_is_obeyed(first: str) -> None:
    assert _read(f"{first}id;n\na;30,5\n".encode()).to_dict("list") == {"id": ["a"], "n": ["30,5"]}


@pytest.mark.parametrize("header", ["ID", " Id ", "id"])
def test_columns_are_known_whatever_their_case_and_blanks(header: str) -> None:
    assert _read(f"{header},n\na,1\n".encode()).columns.tolist() == ["id", "n"]


def test_of_columns_that_differ_by_case_the_exact_one_is_meant() -> None:
    assert _read(b"ID,id\na,b\n")["id"].tolist() == ["b"]


def test_optional_columns_are_found_alike_or_null() -> None:
    table = read_table(FakeSource({"a.csv": b"id,AGE\na,1\n"}), "a.csv", required=["id"], optional=["age", "sex"])
    assert table.to_dict("list") == {"id": ["a"], "age": ["1"], "sex": [None]}


def test_a_title_above_the_header_is_passed_over() -> None:
    assert _read(b"My patients,\n,\nid,n\na,1\n").to_dict("list") == {"id": ["a"], "n": ["1"]}


@pytest.mark.parametrize(
    ("rows", "value"),
    [
        (["ISIC_0000000,benign", "ISIC_0000001,malignant"], "ISIC_0000000"),
        (["images/000.jpg,x", "images/001.jpg,y"], "images/000.jpg"),
        (["one,benign", "two,benign"], "benign"),
        (["a,30", "b,45"], "30"),
    ],
)
def test_a_table_without_a_header_is_told_with_an_example(rows: list[str], value: str) -> None:
    with pytest.raises(
        SourceError, match=rf"a\.csv has no header: its first row looks like data \(such as '{value}'\)"
    ):
        _read("\n".join([*rows, ""]).encode(), required=("file", "label"))


def _workbook(sheets: dict[str, pd.DataFrame]) -> bytes:
    pytest.importorskip("openpyxl", reason="an extra: pip install -e '.[excel]'")
    buffer = io.BytesIO()
    with pd.ExcelWriter(buffer, engine="openpyxl") as writer:
        for title, sheet in sheets.items():
            sheet.to_excel(writer, sheet_name=title, index=False)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv"])
def test_a_workbook_is_known_by_its_first_bytes(name: str) -> None:
    table = _read(_workbook({"s": pd.DataFrame({"Id": ["a", None], "n": [1, 2.5], "m": [1, 0]})}), name=name)
    assert table.to_dict("list") == {"id": ["a", None], "n": ["1", "2.5"], "m": ["1", "0"]}


def test_the_first_sheet_with_the_columns_is_read_and_named(caplog: pytest.LogCaptureFixture) -> None:
    sheets = {
        "Legend": pd.DataFrame({"x": ["y"]}),
        "Data": pd.DataFrame({"id": ["a"]}),
        "More": pd.DataFrame({"id": ["b"]}),
    }
    with caplog.at_level("INFO"):
        assert _read(_workbook(sheets), name="a.xlsx")["id"].tolist() == ["a"]
    assert "sheet 'Data' of a.xlsx" in caplog.text


def test_without_openpyxl_both_remedies_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(SourceError, match=r"a\.xlsx is an Excel workbook.*pip install -e \"\.\[excel\]\".*CSV UTF-8"):
        _read(buffer.getvalue(), name="a.xlsx")


@pytest.mark.parametrize("found", ["x/HAM.xlsx", "HAM.tsv", "ham.CSV"])
def test_a_table_of_another_suffix_stands_in(found: str) -> None:
    assert find_table([found, "other.csv"], "HAM.csv", "HAM") == found


def test_a_table_of_the_very_name_comes_first() -> None:
    assert find_tables(["x/HAM.xlsx", "y/HAM.csv"], "HAM.csv") == ["y/HAM.csv"]
