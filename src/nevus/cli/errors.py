"""Which errors the user can act on, and what to say about them."""

from __future__ import annotations

import errno
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from nevus.contracts import NevusError

NO_ENVIRONMENT = re.compile(r"configuration path either does not exist or is not a valid directory: (.+)")
FULL = (errno.ENOSPC, errno.EDQUOT)
SEEN_WITH = "Add --traceback to see where it was raised."


def explain(error: BaseException) -> str | None:
    """A message for an error that the user can act on; None for any other, which deserves its traceback."""
    causes = list(chain(error))
    for cause in causes:
        if isinstance(cause, NevusError):
            return str(cause)
    if (folder := NO_ENVIRONMENT.search(str(error))) is not None:
        return _unknown_environment(Path(folder[1]))
    if _is_configuration(causes):
        return f"{_bad_yaml(causes) or _without_links(str(error))}\n{SEEN_WITH}"
    if isinstance(error, ValueError) and str(error).startswith("Failed to find the pipeline named"):
        from nevus.hooks.explanations import unknown_pipeline

        return unknown_pipeline(str(error).split("'")[1])
    if in_the_way := _file_in_the_way(causes):
        return f"{in_the_way}\n{SEEN_WITH}"
    if unreachable := _unreachable_file(error):
        return f"{unreachable}\n{SEEN_WITH}"
    return f"{error}\n{SEEN_WITH}" if _is_raised_by_kedro(error) else None


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it, outermost first; Kedro wraps what a dataset raises in its own errors."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def hide_repeated_errors() -> None:
    """Keep Kedro from logging an error that is about to be shown as a message."""
    logging.getLogger("kedro.pipeline.node").addFilter(_is_worth_logging)


def _is_worth_logging(record: logging.LogRecord) -> bool:
    # Kedro logs a node's error while it handles it, so the error itself can be looked at.
    error = sys.exc_info()[1]
    return record.levelno < logging.ERROR or error is None or not any(isinstance(e, NevusError) for e in chain(error))


def _is_configuration(causes: list[BaseException]) -> bool:
    from kedro.config import MissingConfigException
    from kedro.validation.exceptions import ParameterValidationError
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    kinds = (MissingConfigException, ParameterValidationError, OmegaConfBaseException, YAMLError)
    return any(isinstance(cause, kinds) for cause in causes)


def _unreachable_file(error: BaseException) -> str | None:
    """A dataset could not reach its file, such as a table that has not been made yet, or write it.

    Only where that is what failed, and names a file: what a dataset calls may meet errors of the same kind of its own.
    """
    from kedro.io import DatasetError

    cause: BaseException | None = error
    while isinstance(cause, DatasetError):  # Kedro wraps one in another, to name the dataset
        cause = cause.__cause__
    place = _place(error, cause)
    if not isinstance(error, DatasetError) or not isinstance(cause, OSError) or place is None:
        return None
    name = str(error).partition(":")[0]
    reason = f"{cause.strerror or type(cause).__name__}: {place}"
    if isinstance(cause, FileNotFoundError):
        return (
            f"the dataset '{name}' is not there. {reason}. If a pipeline makes it, run that one first, such as "
            "`kedro run --pipeline=ssgan`; docs/reference/nodes.md says which one it is."
        )
    return f"{place} cannot be read or written: {cause.strerror or type(cause).__name__}. {_helps(cause)}".strip()


def _file_in_the_way(causes: list[BaseException]) -> str | None:
    """A file stands where a folder was to be made or looked into."""
    found = (cause for cause in causes if isinstance(cause, NotADirectoryError | FileExistsError) and cause.filename)
    paths = (place for cause in found for place in (Path(cause.filename), *Path(cause.filename).parents))
    file = next((place for place in paths if place.is_file()), None)
    if file is None:
        return None
    return f"{file} is a file, and a folder is wanted there. Move it away, and give the command again."


def _place(error: BaseException, cause: BaseException | None) -> str | None:
    """The file that the system named; what is full, or may only be read, is the dataset's own where none is named."""
    if isinstance(cause, OSError) and cause.filename is None and cause.errno in (*FULL, errno.EROFS):
        found = re.search(r"filepath=\w*\(?'([^']+)'", str(error))
        return found[1] if found else None
    return getattr(cause, "filename", None)


def _helps(cause: OSError) -> str:
    if cause.errno in FULL:
        return "Free some space there, and give the command again."
    if isinstance(cause, PermissionError) or cause.errno == errno.EROFS:
        return "Let this user read and write there, or give the command in a copy of the project where it may."
    return ""


def _is_raised_by_kedro(error: BaseException) -> bool:
    """Kedro itself refuses what it was asked, such as a node that does not exist or an input that nobody makes."""
    import kedro

    trace = error.__traceback__
    if trace is None or error.__cause__ is not None or not isinstance(error, ValueError | KeyError):
        return False
    files = []
    while trace is not None:
        files.append(Path(trace.tb_frame.f_code.co_filename))
        trace = trace.tb_next
    home = Path(kedro.__file__).parent
    inside = [file.is_relative_to(home) for file in files]
    # From the session on all frames are Kedro's: no node and no hook of ours is among them.
    start = next((i for i, file in enumerate(files) if file.name == "session.py" and inside[i]), None)
    return start is not None and all(inside[start:])


def _bad_yaml(causes: list[BaseException]) -> str | None:
    """Kedro names the file but counts lines from 0 and keeps the reason to itself; the parser below it knows better."""
    from yaml import MarkedYAMLError

    for cause in reversed(causes):
        if isinstance(cause, MarkedYAMLError) and cause.problem_mark is not None:
            file = str(causes[0]).partition(", unable to read")[0]
            mark = cause.problem_mark
            return f"{file}: {cause.problem}, line {mark.line + 1}, column {mark.column + 1}."
    return None


def _without_links(text: str) -> str:
    """Without the links to pydantic's pages, one under every problem."""
    return "\n".join(line for line in text.splitlines() if "For further information visit" not in line)


def _unknown_environment(folder: Path) -> str:
    import difflib

    from nevus.hooks.places import environments

    if not folder.parent.is_dir():
        return f"there is no folder {folder.parent}, which holds the configuration. Put it back."
    known = environments(folder.parent)
    close = difflib.get_close_matches(folder.name, known, n=1)
    meant = f"; did you mean '{close[0]}'?" if close else "."
    return f"there is no environment '{folder.name}' ({folder}){meant} Environments: {', '.join(known)}."
