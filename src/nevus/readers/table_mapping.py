"""What the columns and values of a table mean, as the options of the reader `table` say; checked before use."""

import re
from collections.abc import Iterable, Mapping, Sequence

from nevus.contracts import SPLITS, SourceError
from nevus.readers.options import TableOptions
from nevus.readers.split_folders import split_of
from nevus.readers.tables import UNKNOWN

FIELDS = ("file", "image_id", "split", "label", "diagnosis", "group_id", "age", "sex", "site")
WHERE = "Change ingestion.table in conf/<env>/parameters.yml."


def columns(options: TableOptions) -> dict[str, str]:
    """Which column of the table gives which column of the manifest.

    Args:
        options: Where a column is null, the table has none.

    Returns:
        Column of the manifest to column of the table.

    Raises:
        SourceError: A column of the manifest is not among `FIELDS`, `file` is missing, a class comes twice, a value is
            given a class or a split that does not exist, or a value is one that tables use for "not known".
    """
    unknown = [field for field in options.columns if field not in FIELDS]
    if unknown:
        raise SourceError(
            f"ingestion.table.columns maps columns of the manifest to columns of the table and knows "
            f"{', '.join(FIELDS)}, but found {', '.join(unknown)}. {WHERE}"
        )
    mapping = {field: column for field, column in options.columns.items() if column is not None}
    if "file" not in mapping:
        raise SourceError(f"ingestion.table.columns must say which column gives the file. {WHERE}")
    if len(set(options.classes)) < len(options.classes):
        raise SourceError(f"ingestion.table.classes must differ, but are {', '.join(options.classes)}. {WHERE}")
    _check_values("labels", options.labels, options.classes)
    _check_values("splits", options.splits, SPLITS)
    return mapping


def meaning(value: object, meanings: Mapping[str, str] | None, allowed: Sequence[str]) -> str | None:
    """The class or the split that a value of the table stands for, or None.

    Args:
        value: Text of the table, or null; case counts only where two values differ by nothing else.
        meanings: Value to meaning; null where the values are the meanings themselves.
        allowed: All meanings there are.
    """
    if not isinstance(value, str):
        return None
    table = {name: name for name in allowed} if meanings is None else meanings
    whole = re.sub(r"[.,]0+$", "", value)  # a column with gaps holds 1 as 1.0
    without_case = {key.casefold(): key for key in table}
    keys = (value, whole, without_case.get(value.casefold(), ""), without_case.get(whole.casefold(), ""))
    return next((table[key] for key in keys if key in table), None)


def split_meant(value: object, meanings: Mapping[str, str] | None) -> str | None:
    """The split that a value of the table stands for, or None.

    Args:
        value: Text of the table, or null.
        meanings: Value to split; null where the values are names of splits, also as folders have them, such as `Train`.
    """
    if meanings is None and isinstance(value, str):
        return split_of(value.strip())
    return meaning(value, meanings, SPLITS)


def _check_values(option: str, meanings: Mapping[str, str] | None, allowed: Sequence[str]) -> None:
    values: Iterable[str] = allowed if meanings is None else meanings
    lost = [value for value in values if value.strip().lower() in UNKNOWN]
    if lost:
        raise SourceError(
            f"ingestion.table.{option} gives a meaning to '{lost[0]}', which tables use for what is not known, so that "
            f"no row will have it. Write another value into the table. {WHERE}"
        )
    wrong = [meaning for meaning in (meanings or {}).values() if meaning not in allowed]
    if wrong:
        raise SourceError(
            f"ingestion.table.{option} must lead to one of {', '.join(allowed)}, but leads to '{wrong[0]}'. {WHERE}"
        )
