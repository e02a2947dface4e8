"""The formats that tables come in: delimited text of any encoding, Excel workbooks, parquet; and what only looks so."""

import csv
import io
import logging
import re
import shlex
import zipfile
from collections.abc import Sequence
from pathlib import PurePosixPath

import pandas as pd

from nevus.contracts import SourceError, Table
from nevus.file_contents import recognise
from nevus.quarantine import ALIAS, ANNEX_POINTER, ZEROS

SUFFIXES = (".csv", ".tab", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".ods", ".parquet")
SEPARATORS = ",;\t|"  # a spreadsheet writes semicolons where the comma is the decimal sign
AS_CSV = (
    "save the sheet from the spreadsheet program as 'CSV UTF-8' under the same name with .csv, and take this file away"
)
WORKBOOK_PART = "xl/workbook.xml"  # what tells a workbook from other zip archives
JSON = re.compile(rb'(\[\s*)*\{\s*"')
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a]|%PDF-")  # signs that no table has
HEADER_WITHIN = 50  # rows: a title or a legend may stand above the header

logger = logging.getLogger(__name__)


def parse(content: bytes, name: str, required: Sequence[str]) -> Table:
    """Parse a table by its first bytes; its name decides only where these do not.

    Args:
        content: The file.
        name: Its name, for messages.
        required: Columns it should have; they tell which row is the header and which sheet of a workbook is meant.

    Returns:
        All columns as text. A column with values and no name is called "column N", counted from 1.

    Raises:
        SourceError: It is something else: a pointer of Git LFS or git-annex, zero bytes, a shortcut, a web page, JSON,
            a workbook that is old or has a password, an archive, no text; or a workbook without openpyxl.
        ValueError: It is broken.
    """
    _refuse_strangers(content, name)
    if content.startswith(b"PAR1") or PurePosixPath(name).suffix.lower() == ".parquet":
        return pd.read_parquet(io.BytesIO(content)).astype("string").astype(object)
    if content.startswith(b"PK\x03\x04"):
        return _workbook(content, name, required)
    try:
        text = decode(content, name)
    except UnicodeDecodeError:
        text = None
    if text is None or NO_TEXT.search(text):
        raise SourceError(
            f"The table {name} cannot be read: its content is no text. Save it as 'CSV UTF-8' from the program that it "
            "is of, or fetch the original again."
        )
    return _framed(_delimited(text), required)


def _refuse_strangers(content: bytes, name: str) -> None:
    start = content[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"version https://git-lfs"):
        raise SourceError(
            f"{name} is a Git LFS pointer instead of the table. Run `git lfs pull` in the repository it comes from."
        )
    if start.startswith((b"<!doctype html", b"<html", b"<table")) or (start.startswith(b"<?xml") and b"<html" in start):
        if b"<td" in content.lower():
            raise SourceError(
                f"{name} is a web page with a table, which some programs export for spreadsheets. Open it in one and "
                f"{AS_CSV}."
            )
        raise SourceError(
            f"{name} is a web page instead of the table: a sign-in or error page was saved under its name. Download "
            "the file itself again, signed in where the site asks for it."
        )
    if JSON.match(start):
        raise SourceError(from_json(name))
    if (kind := recognise(content)) in (ANNEX_POINTER, ZEROS, ALIAS):
        raise SourceError(f"{name} is no table: {kind.said}. {kind.advice}")
    if content.startswith(b"\xd0\xcf\x11\xe0") and ENCRYPTED in content:
        raise SourceError(f"{name} is an Excel workbook with a password. Take the password off, or {AS_CSV}.")
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise SourceError(f"{name} is an Excel workbook of the old kind (.xls). Save it as .xlsx, or {AS_CSV}.")


def from_json(name: str) -> str:
    """Say that a file is JSON, and which command turns a list of records into a CSV table of the same name."""
    table = PurePosixPath(name).with_suffix(".csv")
    lines = ", lines=True" if name.lower().endswith("l") else ""
    code = f'import pandas; pandas.read_json("{name}"{lines}).to_csv("{table}", index=False)'
    return (
        f"{name} is JSON, not a table. If it is a list of records, run `{shlex.join(['python', '-c', code])}` in the "
        f"source, and name {table.name} as the table."
    )


def decode(content: bytes, name: str) -> str:
    """Text of UTF-8 or UTF-16 with or without a byte order mark; of Windows-1252 where it is neither.

    Raises:
        ValueError: It is no text.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    if b"\0" in content[:1000]:  # UTF-16 without a mark: every other byte of plain letters is zero
        return content.decode("utf-16-be" if content[:1] == b"\0" else "utf-16-le")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    logger.info("The table %s is not UTF-8 and was read as Windows-1252 (Western European).", name)
    return text


def _delimited(text: str) -> list[list[str]]:
    first, _, rest = text.lstrip().partition("\n")
    if (said := re.fullmatch(r"\"?sep=(.)\"?", first.strip("\r"))) is not None:  # Excel's note to itself
        return list(csv.reader(io.StringIO(rest, newline=""), delimiter=said[1]))
    separator = max(SEPARATORS, key=first.count)  # a comma where there is none of them
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    if len(rows) > 1 and all(not row or (len(row) == 1 and separator in row[0]) for row in rows[1:]):
        # a spreadsheet took each row for one value, and wrote it in quotes
        parsed = (csv.reader(row, delimiter=separator) if len(row) == 1 else [row] for row in rows)
        return [cells for one in parsed for cells in one]
    return rows


def _workbook(content: bytes, name: str, required: Sequence[str]) -> Table:
    """The first sheet with the required columns; the first with any rows where none has them."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            is_workbook = WORKBOOK_PART in archive.namelist()
    except zipfile.BadZipFile as error:
        raise ValueError(f"the workbook or archive is damaged ({error})") from error
    if not is_workbook:
        raise SourceError(f"{name} is an archive or another program's document, not a table. Unpack it, or {AS_CSV}.")
    try:
        sheets = pd.read_excel(
            io.BytesIO(content), sheet_name=None, header=None, dtype=str, keep_default_na=False, engine="openpyxl"
        )
    except ImportError as error:
        raise SourceError(
            f"{name} is an Excel workbook, and openpyxl, which reads these, is not installed. Install it by "
            f'`pip install -e ".[excel]"` in the project, or {AS_CSV}.'
        ) from error
    except (KeyError, SyntaxError) as error:  # a part is missing, or is no XML
        raise ValueError(f"the workbook is damaged ({error})") from error
    rows = {title: sheet.fillna("").astype(str).to_numpy().tolist() for title, sheet in sheets.items() if len(sheet)}
    fitting = [title for title in rows if header_row(rows[title], required) is not None]
    chosen = next(iter([*fitting, *rows]), None)
    if len(sheets) > 1:
        logger.info("Read the sheet '%s' of %s, which has %s.", chosen, name, ", ".join(f"'{t}'" for t in sheets))
    return _framed(rows.get(str(chosen), []), required)


def header_row(rows: Sequence[Sequence[str]], required: Sequence[str]) -> int | None:
    """The first row that names all of these columns, ignoring case and surrounding blanks; None where none does."""
    wanted = {plain(column) for column in required}
    return next((n for n, row in enumerate(rows[:HEADER_WITHIN]) if wanted <= {plain(cell) for cell in row}), None)


def plain(name: str) -> str:
    """The name of a column without surrounding blanks and case."""
    return name.strip().casefold()


def _framed(rows: Sequence[Sequence[str]], required: Sequence[str]) -> Table:
    """The rows under the header. pandas' own parser would take the first column of a row that is too long as index."""
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    rows = rows[header_row(rows, required) or 0 :]
    if not rows:
        raise ValueError("it is empty")
    width = max(len(row) for row in rows)
    filled = [[*row, *[""] * (width - len(row))] for row in rows]
    used = [i for i in range(width) if any(row[i].strip() for row in filled)]
    header = [filled[0][i].strip() or f"column {i + 1}" for i in used]
    if (named := sum(1 for i in used if i < len(rows[0]))) < len(used):
        number = next(n for n, row in enumerate(filled[1:], 1) if any(row[i].strip() for i in used[named:]))
        raise ValueError(
            f"row {number} has more values than the {len(rows[0])} columns of the header (a value with a comma, "
            "such as 30,5, must stand in quotes where commas part the columns)"
        )
    return pd.DataFrame([[row[i] for i in used] for row in filled[1:]], columns=header, dtype=object)
