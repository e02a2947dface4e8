"""Tables that come beside the images: read as text, checked before anybody trusts them."""

import csv
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

import pandas as pd

from nevus.contracts import QUARANTINE_COLUMNS, Source, SourceError, Table
from nevus.file_names import is_litter, refusal
from nevus.readers.names import ARCHIVES, close_names
from nevus.readers.table_formats import SUFFIXES, from_json, parse, plain

UNKNOWN = ("", "unknown", "nan", "na", "n/a", "null", "none")  # as the field's tables spell what is not known
# As text; tables that passed through pandas hold floats, and spreadsheets write these with a comma in many countries.
ZERO_OR_ONE = {
    **dict.fromkeys(("0", "0.0", "0,0", "False", "FALSE", "false"), 0),
    **dict.fromkeys(("1", "1.0", "1,0", "True", "TRUE", "true"), 1),
}
JSON = (".json", ".jsonl")
FIRST_ROWS = 5  # are enough to see the form of a column
MANGLED_SHARE = 0.5  # more ids than this of a wrong form: not a few slips, but a column that was rewritten


class TableError(SourceError):
    """There is no table of the name wanted, or it has not the columns wanted."""


def find_table(names: Sequence[str], *wanted: str) -> str:
    """The one file of this name, in whatever folder.

    Args:
        names: Names of the source's files.
        wanted: Spellings of one file name, without folder, compared without regard to case.

    Raises:
        TableError: There is none, or more than one.
    """
    found = find_tables(names, *wanted)
    if len(found) != 1:
        tables = _with_suffix(names, SUFFIXES)
        seen = f"found {', '.join(found)}" if found else f"found the tables {', '.join(tables[:8]) or '(none)'}"
        advice = (None if found else _close(names, tables, wanted[0])) or "Complete the data or tidy it up."
        raise TableError(f"Wanted one file named {' or '.join(wanted)} in the source, but {seen}. {advice}")
    return found[0]


def _close(names: Sequence[str], tables: Sequence[str], wanted: str) -> str | None:
    """What to do with a file whose name is nearly the wanted one; None where there is none."""
    if close := close_names(tables, wanted):
        return f"Rename '{close[0]}' to {wanted}."
    if close := close_names(_with_suffix(names, ARCHIVES), wanted):
        return f"Unpack '{close[0]}' there, such as by `7z x` or `gunzip`."
    if close := close_names(_with_suffix(names, JSON), wanted):
        return from_json(close[0])
    return None


def _with_suffix(names: Sequence[str], suffixes: Sequence[str]) -> list[str]:
    return [name for name in names if PurePosixPath(name).suffix.lower() in suffixes]


def find_tables(names: Sequence[str], *wanted: str) -> list[str]:
    """All files of this name that may be opened, in whatever folder; `wanted` as in `find_table`.

    Where there is none, those that differ in the suffix of a table only, such as a workbook of the same name.
    """
    spellings = {spelling.lower() for spelling in wanted}
    stems = {PurePosixPath(spelling).stem for spelling in spellings}
    good = [name for name in names if refusal(name) is None and not is_litter(name)]
    paths = {name: PurePosixPath(name.lower()) for name in good}
    found = [name for name in good if paths[name].name in spellings]
    return found or [name for name in good if paths[name].suffix in SUFFIXES and paths[name].stem in stems]


def read_table(source: Source, name: str, *, required: Sequence[str], optional: Sequence[str] = ()) -> Table:
    """Read a CSV file, an Excel workbook or a parquet file as text.

    Commas, semicolons or tabs may part the columns of a CSV file: the header tells. It may be UTF-8, UTF-16 or
    Windows-1252. Wholly empty rows, and empty columns without a name, are what a spreadsheet adds at the ends; they are
    passed over, and so are rows above the header. Columns are known by their names whatever the case.

    Args:
        source: Where the file lies.
        name: Its name in the source.
        required: Columns it must have.
        optional: Columns that are null throughout where it lacks them.

    Returns:
        All columns as strings without surrounding blanks, rows numbered from 0; what is empty or spells an unknown
        value is null. A column with values and no name is called "column N", counted from 1.

    Raises:
        SourceError: The file cannot be read as a table, lacks a column or its header, names a column twice, has no
            rows, or one with more values than columns. The message names the columns found.
    """
    content = source.read([name])[0]
    try:
        table = parse(content, name, required)
    except (ValueError, OSError, csv.Error) as error:  # pyarrow's errors and a wrong encoding are ValueErrors
        raise SourceError(f"The table {name} cannot be read: {error}. Fetch the original again.") from error
    table = _renamed(table, [*required, *optional])
    _check_columns(table, name, required)
    text = table.apply(lambda column: column.str.strip())
    known: Table = text.where(text.notna() & ~text.apply(lambda column: column.str.lower()).isin(UNKNOWN), None)
    return known.assign(**{column: None for column in optional if column not in known})


def _renamed(table: Table, wanted: Sequence[str]) -> Table:
    """Give columns the names wanted where only blanks or the case differ and one column alone can be meant."""
    columns = [str(column).strip() for column in table.columns]
    alike: dict[str, list[str]] = {}
    for column in columns:
        alike.setdefault(plain(column), []).append(column)
    names = {alike[plain(name)][0]: name for name in wanted if len(alike.get(plain(name), [])) == 1}
    return table.set_axis([names.get(column, column) for column in columns], axis="columns")


def _check_columns(table: Table, name: str, required: Sequence[str]) -> None:
    missing = [column for column in required if column not in table.columns]
    if missing and (value := _value_in_header(table)) is not None:
        raise SourceError(
            f"The table {name} has no header: its first row looks like data (such as '{value}'). Write a first line "
            f"that names its {len(table.columns)} columns, {', '.join(required)} among them: "
            f"{', '.join(_header_for(table, required))}."
        )
    if missing:
        raise TableError(
            f"The table {name} must have the columns {', '.join(required)}, but {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing; found {', '.join(table.columns)}."
        )
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()].unique()
        raise SourceError(f"The table {name} has several columns named {', '.join(twice)}. Keep one of each.")
    if table.empty:
        raise SourceError(f"The table {name} has a header and no rows. Fetch the original again, or take it away.")


def _value_in_header(table: Table) -> str | None:
    """A cell of the header that is a value: equal to one below it, or of the form of these, with digits."""
    for position, cell in enumerate(table.columns):
        below = table.iloc[:, position].dropna().astype(str).str.strip()
        forms = set(below.head(FIRST_ROWS).map(_form))
        if cell in set(below) or (len(below) and forms == {_form(cell)} and re.search(r"\d", cell)):
            return str(cell)
    return None


def _form(value: str) -> str:
    return re.sub(r"\d+", "0", value)


def _header_for(table: Table, required: Sequence[str]) -> list[str]:
    """An example of the line that is missing, with as many names as columns."""
    spare = [f"column_{n + 1}" for n in range(len(required), len(table.columns))]
    return [*required, *spare][: max(len(table.columns), len(required))]


def matches(values: "pd.Series[str]", form: re.Pattern[str]) -> "pd.Series[bool]":
    """Whether each text is of this form; null is not."""
    return values.map(lambda value: isinstance(value, str) and form.fullmatch(value) is not None).astype(bool)


def mangling(table: Table, name: str, column: str, form: re.Pattern[str], *, wanted: str) -> str | None:
    """Say that a table has no ids of the form wanted, and whether a spreadsheet put numbers in their place.

    Args:
        table: As read.
        name: Its file, for the message.
        column: The ids.
        form: What each of them should match.
        wanted: That form in words.

    Returns:
        None where at least half of the rows have an id of that form; else which file, how many rows, an example and
        what to do.
    """
    wrong = table[~matches(table[column], form)]
    if len(wrong) <= MANGLED_SHARE * len(table):
        return None
    numbers = matches(wrong[column].fillna("0"), re.compile(r"([0-9]{1,6}|[0-9]{1,3},[0-9]{3})(\.0*)?"))
    found = (
        f"{len(wrong):,} of its {len(table):,} rows have no {column} of the form {wanted}, such as the one with "
        f"'{wrong[column].iloc[0]}'. So nobody can tell which image a row is about."
    )
    if numbers.mean() > MANGLED_SHARE:
        return (
            f"The table {name} was mangled by a spreadsheet: {found} Fetch the original table again, and do not open "
            "and save it in a spreadsheet."
        )
    return (
        f"The table {name} has ids of another form: {found} Correct them, or choose the reader of this data set, which "
        "is 'table' (conf/table) where there is no other."
    )


def set_aside(
    table: Table, bad: "pd.Series[bool]", reasons: "pd.Series[str] | str", *, id_column: str
) -> tuple[Table, Table]:
    """Part a table in the good rows and quarantine rows.

    Args:
        table: Rows with an id.
        bad: True for each row to set aside; same index.
        reasons: Why, for each row or for all.
        id_column: Column that names the row in the quarantine.

    Returns:
        The good rows; quarantine rows (`file` is the id, or "row N" counted from 1 where there is none; `reason`).
    """
    rows = table[bad]
    numbers = bad.to_numpy().nonzero()[0] + 1
    files = [value if isinstance(value, str) else f"row {n}" for n, value in zip(numbers, rows[id_column], strict=True)]
    said = [reasons] * len(rows) if isinstance(reasons, str) else reasons[bad].tolist()
    return table[~bad], pd.DataFrame({"file": files, "reason": said}, columns=list(QUARANTINE_COLUMNS), dtype=str)
