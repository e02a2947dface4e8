"""Tables that come beside the images: read as text, checked before anybody trusts them."""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

import pandas as pd

from nevus.contracts import QUARANTINE_COLUMNS, Source, SourceError, Table
from nevus.file_names import is_litter, refusal

UNKNOWN = ("", "unknown", "nan", "na", "n/a", "null", "none")  # as the field's tables spell what is not known
SEPARATORS = ",;\t"  # a spreadsheet writes semicolons where the comma is the decimal sign
TABLE_SUFFIXES = (".csv", ".tab", ".tsv", ".parquet")
MANGLED_SHARE = 0.5  # more ids than this of a wrong form: not a few slips, but a column that was rewritten


def find_table(names: Sequence[str], *wanted: str) -> str:
    """The one file of this name, in whatever folder.

    Args:
        names: Names of the source's files.
        wanted: Spellings of one file name, without folder, compared without regard to case.

    Raises:
        SourceError: There is none, or more than one.
    """
    found = find_tables(names, *wanted)
    if len(found) != 1:
        tables = [name for name in names if PurePosixPath(name).suffix.lower() in TABLE_SUFFIXES]
        seen = f"found {', '.join(found)}" if found else f"found the tables {', '.join(tables[:8]) or '(none)'}"
        raise SourceError(
            f"Wanted one file named {' or '.join(wanted)} in the source, but {seen}. Complete the data or tidy it up."
        )
    return found[0]


def find_tables(names: Sequence[str], *wanted: str) -> list[str]:
    """All files of this name that may be opened, in whatever folder; `wanted` as in `find_table`."""
    spellings = {spelling.lower() for spelling in wanted}
    found = [name for name in names if PurePosixPath(name).name.lower() in spellings]
    return [name for name in found if refusal(name) is None and not is_litter(name)]


def read_table(source: Source, name: str, *, required: Sequence[str]) -> Table:
    """Read a CSV file or a parquet file as text.

    Commas, semicolons or tabs may part the columns of a CSV file: the header tells. Wholly empty rows, and empty
    columns without a name, are what a spreadsheet adds at the ends; they are passed over.

    Args:
        source: Where the file lies.
        name: Its name in the source.
        required: Columns it must have.

    Returns:
        All columns as strings without surrounding blanks, rows numbered from 0; what is empty or spells an unknown
        value is null. A column with values and no name is called "column N", counted from 1.

    Raises:
        SourceError: The file cannot be read as a table, lacks a column, names one twice, has no rows, or one with more
            values than columns. The message names the columns found.
    """
    content = source.read([name])[0]
    try:
        if PurePosixPath(name).suffix.lower() == ".parquet":
            table = pd.read_parquet(io.BytesIO(content)).astype("string").astype(object)
        else:
            table = _parse_csv(content)
    except (ValueError, OSError, csv.Error) as error:  # pyarrow's errors and a wrong encoding are ValueErrors
        raise SourceError(f"The table {name} cannot be read: {error}. Fetch the original again.") from error
    table.columns = [str(column).strip() for column in table.columns]
    _check_columns(table, name, required)
    text = table.apply(lambda column: column.str.strip())
    known: Table = text.where(text.notna() & ~text.apply(lambda column: column.str.lower()).isin(UNKNOWN), None)
    return known


def _parse_csv(content: bytes) -> Table:
    """The rows under the header. pandas' own parser would take the first column of a row that is too long as index."""
    text = content.decode("utf-8-sig")
    first = text.lstrip().partition("\n")[0]
    separator = max(SEPARATORS, key=first.count)  # a comma where there is none of them
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if any(map(str.strip, row))]
    if not rows:
        raise ValueError("it is empty")
    width = max(len(row) for row in rows)
    filled = [row + [""] * (width - len(row)) for row in rows]
    used = [i for i in range(width) if any(row[i].strip() for row in filled)]
    header = [filled[0][i].strip() or f"column {i + 1}" for i in used]
    if (named := sum(1 for i in used if i < len(rows[0]))) < len(used):
        number = next(n for n, row in enumerate(filled[1:], 1) if any(row[i].strip() for i in used[named:]))
        raise ValueError(f"row {number} has more values than the {len(rows[0])} columns of the header")
    return pd.DataFrame([[row[i] for i in used] for row in filled[1:]], columns=header, dtype=object)


def _check_columns(table: Table, name: str, required: Sequence[str]) -> None:
    missing = [column for column in required if column not in table.columns]
    if missing:
        raise SourceError(
            f"The table {name} must have the columns {', '.join(required)}, but {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing; found {', '.join(table.columns)}."
        )
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()].unique()
        raise SourceError(f"The table {name} has several columns named {', '.join(twice)}. Keep one of each.")
    if table.empty:
        raise SourceError(f"The table {name} has a header and no rows. Fetch the original again, or take it away.")


def matches(values: "pd.Series[str]", form: re.Pattern[str]) -> "pd.Series[bool]":
    """Whether each text is of this form; null is not."""
    return values.map(lambda value: isinstance(value, str) and form.fullmatch(value) is not None).astype(bool)


def mangling(table: Table, name: str, column: str, form: re.Pattern[str], *, wanted: str) -> str | None:
    """Say that a spreadsheet rewrote the ids of a table, if it did.

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
    return (
        f"The table {name} was mangled by a spreadsheet: {len(wrong):,} of its {len(table):,} rows have no {column} of "
        f"the form {wanted}, such as the one with '{wrong[column].iloc[0]}'. So nobody can tell which image a row is "
        "about. Fetch the original table again, and do not open and save it in a spreadsheet."
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
