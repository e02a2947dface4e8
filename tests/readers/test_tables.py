import io
import re

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


def test_all_tables_of_a_name_can_be_had() -> None:
    assert find_tables(["a/t.csv", "b/T.csv", "c/u.csv"], "t.csv") == ["a/t.csv", "b/T.csv"]


@pytest.mark.parametrize("name", ["../t.csv", "/t.csv", "__MACOSX/t.csv"])
def test_tables_that_must_not_be_opened_are_not_found(name: str) -> None:
    assert find_tables(["a/t.csv", name], "t.csv") == ["a/t.csv"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
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
        ("id,n\nä,1\n".encode("cp1252"), "cannot be read"),
        ("id,n\na,1\n".encode("utf-16"), "cannot be read"),
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
