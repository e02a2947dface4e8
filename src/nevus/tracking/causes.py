"""Why a store cannot be used, and what to do about it."""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from collections.abc import Callable
from pathlib import Path

from nevus.contracts import NevusError
from nevus.tracking.experiment import database_of

LONGEST_CAUSE = 300
CUT = " … [cut]"
OUT_OF_DATE = re.compile(r"out-of-date database schema \(found version (\w+), but expected (\w+)\)")


def why(error: BaseException, uri: str) -> str:
    """Name the true cause and the remedy, where both are known.

    Args:
        error: That made the store unusable.
        uri: Of the store.

    Returns:
        Whole sentences on one line.
    """
    if isinstance(error, NevusError):
        return str(error)
    database = database_of(uri)
    found = _innermost(error)
    text = " ".join(f"{error} {found}".split())
    table = SERVER if database is None else DATABASE
    for pattern, explain in table:
        if re.search(pattern, text, re.IGNORECASE):
            return explain(uri if database is None else str(database), text, _words(found))
    return brief(error)


def brief(error: BaseException) -> str:
    """The cause on one line."""
    return f"Cause: {type(error).__name__}: {_words(error)}"


def cut(text: str, longest: int) -> str:
    """The text, or its beginning with a mark when it is longer than allowed."""
    return text if len(text) <= longest else text[: longest - len(CUT)] + CUT


def _words(error: BaseException) -> str:
    return cut(" ".join(str(error).split()), LONGEST_CAUSE)


def _innermost(error: BaseException) -> BaseException:
    """What all else follows from: MLflow wraps what SQLAlchemy wrapped."""
    seen: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in seen:
        seen.append(current)
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return seen[-1]


def _of_another_version(database: str, text: str, _cause: str) -> str:
    import mlflow
    from mlflow.store import db_migrations

    match = OUT_OF_DATE.search(text)
    found, wanted = match.groups() if match else ("?", "?")
    tables = f"its tables are of version {found}, MLflow {mlflow.__version__} wants {wanted}"
    known = (file.name for folder in db_migrations.__path__ for file in Path(folder, "versions").glob("*.py"))
    if any(name.startswith(f"{found}_") for name in known):
        command = f"mlflow db upgrade {shlex.quote(f'sqlite:///{database}')}"
        return f"{database} was made by an older MLflow: {tables}. Keep a copy of it and run `{command}`."
    return (
        f"{database} was made by a newer MLflow or by another program: {tables}, which knows no such version. Install "
        f"the MLflow that made it, or set it aside: {_set_aside(database)}."
    )


def _unwritable(database: str, _text: str, cause: str) -> str:
    folder = Path(database).parent
    if Path(database).is_dir():
        return f"{database} is a folder, not a database. Set it aside: {_set_aside(database)}."
    place = folder if not Path(database).exists() or not os.access(folder, os.W_OK) else database
    return f"{place} may not be written to by this user ({cause}). Allow it, {_elsewhere()}."


def _damaged(database: str, _text: str, cause: str) -> str:
    return f"{database} is damaged ({cause}). Put back a copy, or set it aside: {_set_aside(database)}."


def _full(database: str, _text: str, cause: str) -> str:
    return f"The disk that holds {database} is full ({cause}). Free some space, {_elsewhere()}."


def _locked(database: str, _text: str, cause: str) -> str:
    return (
        f"{database} is locked ({cause}): by another program that has it open, or by a file system without locks. End "
        f"that program, {_elsewhere()}."
    )


def _refused(uri: str, _text: str, cause: str) -> str:
    return (
        f"{uri} refuses this user ({cause}). Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or "
        "MLFLOW_TRACKING_TOKEN."
    )


def _silent(uri: str, _text: str, cause: str) -> str:
    return f"{uri} does not answer ({cause}). Look whether it runs, and whether this is its address."


def _no_mlflow(uri: str, _text: str, cause: str) -> str:
    return f"At {uri} there is no MLflow server ({cause}). Look whether this is its address."


def _elsewhere() -> str:
    home = Path("~").expanduser()
    place = home if os.access(home, os.W_OK) else Path(tempfile.gettempdir())
    return f"or keep runs elsewhere, by setting MLFLOW_TRACKING_URI=sqlite:///{place / 'mlflow.db'}"


def _set_aside(database: str) -> str:
    return f"`mv {shlex.quote(database)} {shlex.quote(f'{database}.aside')}`, and a new one is made"


Explain = Callable[[str, str, str], str]
DATABASE: list[tuple[str, Explain]] = [
    ("out-of-date database schema", _of_another_version),
    ("unable to open|readonly|read-only|permission denied|is a directory", _unwritable),
    ("disk is full|no space left|quota", _full),
    ("not a database|malformed", _damaged),
    ("database is locked|locking protocol|disk I/O error", _locked),
]
SERVER: list[tuple[str, Explain]] = [
    (r"error code 40[13]|unauthorized|forbidden|PERMISSION_DENIED|UNAUTHENTICATED", _refused),
    (r"error code 404|not in JSON|Expecting value", _no_mlflow),
    (r"refused|timed out|timeout|resolve|resolution|unreachable|reset|Max retries|too many 5", _silent),
]
