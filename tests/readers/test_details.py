import pandas as pd
import pytest

from nevus.readers.details import OLDEST, read_details, settle_details, years_of


@pytest.mark.parametrize("number", [0, 1, 30, 85, OLDEST])
@pytest.mark.parametrize(
    "form",
    ["{}", "{}.0", "{},0", "{}+", "> {}", "{} years", "{}y", "{} yrs.", "{} y.o.", "age {}", "Age {}+", "{} years old"],
)
def test_an_age_is_read_however_it_is_written(number: int, form: str) -> None:
    assert years_of(form.format(number)) == number


def test_a_decimal_comma_is_a_decimal_point() -> None:
    assert years_of("30,5") == years_of("30.5") == 30.5


@pytest.mark.parametrize("text", ["old", "-5", "151", "30-34", "6 months", "1,2,3", "", "inf", "30 kg", None])
def test_what_is_not_plainly_an_age_is_unknown(text: str | None) -> None:
    assert years_of(text) is None


@pytest.mark.parametrize(
    ("text", "sex"),
    [("m", "male"), ("M", "male"), ("Male", "male"), ("MAN", "male"), ("F", "female"), ("Woman", "female")],
)
def test_sexes_are_read_in_any_case(text: str, sex: str) -> None:
    read, warnings = read_details(pd.DataFrame({"id": ["a"], "age": [None], "sex": [text]}), key="id")
    assert read["sex"].tolist() == [sex]
    assert warnings.empty


def test_what_cannot_be_read_is_warned_of_by_file_and_column() -> None:
    table = pd.DataFrame({"id": ["a", "b", "c"], "age": ["30", "old", None], "sex": ["robot", "f", None]})
    read, warnings = read_details(table, key="id")
    assert read["age"].isna().tolist() == [False, True, True]
    assert read["sex"].isna().tolist() == [True, False, True]
    assert list(warnings.itertuples(index=False, name=None)) == [
        ("b", "age", "not an age in years: 'old'"),
        ("a", "sex", "unknown sex: 'robot'"),
    ]


def test_details_that_differ_between_rows_of_one_key_become_unknown_and_others_stay() -> None:
    table = pd.DataFrame({"id": ["a", "a", "b", None], "age": ["1", "2", "3", "4"], "sex": ["f", "f", "m", "m"]})
    settled, warnings = settle_details(table, ["age", "sex"], key="id")
    assert settled["age"].fillna("unknown").tolist() == ["unknown", "unknown", "3", "4"]
    assert settled["sex"].tolist() == ["f", "f", "m", "m"]
    assert warnings[["file", "column"]].to_numpy().tolist() == [["a", "age"]]
