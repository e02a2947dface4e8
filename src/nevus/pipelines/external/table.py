"""Somebody's table of predictions, in whatever of the usual shapes, turned into probabilities of the test images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nevus.contracts import CorpusError, Source, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

IDS = ("image_name", "image_id", "image", "isic_id", "id")  # as challenges and this project call them
OF_THE_SECOND = ("target", "probability")
_SOME = 3  # that a message names


def read(source: Source) -> tuple[str, Table]:
    """Read the one table of a source.

    Returns:
        Its name, and all columns as text with the names in lower case.

    Raises:
        SourceError: It cannot be read as a table.
    """
    from nevus.readers.tables import read_table

    name = source.names()[0]
    table = read_table(source, name, required=())
    return name, table.set_axis([str(column).casefold() for column in table.columns], axis="columns")


def probabilities_in(table: Table, name: str, rows: Table, classes: Sequence[str]) -> NDArray[Any]:
    """Find the probabilities of the test images.

    Args:
        table: From `read`.
        name: Of the file, for messages.
        rows: Manifest rows of the test images, whose `image_id` the table holds in any order, with or without a suffix
            as of a file.
        classes: Names of the classes.

    Returns:
        (n, K), in the order of the rows.

    Raises:
        CorpusError: Columns are missing, images are missing, come twice or are no test images, or a probability is no
            number.
    """
    ids, columns = _ids(table, name), _columns(table, name, classes)
    wanted = rows["image_id"].astype(str)
    short = ids.str.replace(r"\.[A-Za-z]{3,4}$", "", regex=True)
    ids = ids.where(ids.isin(wanted), short)
    if ids.duplicated().any():
        raise CorpusError(
            f"{name} must hold each test image once, but {_count(ids[ids.duplicated()])} come again. Keep one row each."
        )
    if len(strange := ids[~ids.isin(wanted)]):
        raise CorpusError(
            f"{name} must hold the test images of this corpus and no others, but {_count(strange)} are not among its "
            f"{len(rows):,} test images, such as {wanted.iloc[0]}. Hand in the rows of the test split only; how to "
            "list them stands in docs/how_to/score_your_own_model.md."
        )
    if len(missing := wanted[~wanted.isin(ids)]):
        raise CorpusError(
            f"{name} must hold every test image, but lacks {_count(missing)} of {len(rows):,}. A method that may leave "
            "images out cannot be compared with those that may not."
        )
    values = table[columns].set_axis(ids, axis="index").loc[wanted.tolist()]
    return _numbers(values, name, two=len(classes) == 2)


def _ids(table: Table, name: str) -> Any:
    column = next((column for column in IDS if column in table.columns), None)
    if column is None:
        raise CorpusError(
            f"{name} must say which image each row is of, in a column {' or '.join(IDS)}, but its columns are "
            f"{', '.join(table.columns)}."
        )
    if (empty := int(table[column].isna().sum())) > 0:
        raise CorpusError(f"{name} must name an image in every row, but {column} is empty in {empty}. Fill them in.")
    return table[column].astype(str)


def _columns(table: Table, name: str, classes: Sequence[str]) -> list[str]:
    """The columns of probabilities: one of the second of two classes, or one of each class."""
    of_each = [one.casefold() for one in classes], [f"probability_{number}" for number in range(len(classes))]
    second = [column for column in (*OF_THE_SECOND, of_each[0][-1]) if len(classes) == 2 and column in table.columns]
    whole = [columns for columns in of_each if all(column in table.columns for column in columns)]
    if found := [*whole, *([column] for column in second)]:
        return found[0]
    wanted = ", ".join(of_each[0]) + f", or {', '.join(of_each[1])}"
    if len(classes) == 2:
        wanted = f"{' or '.join(OF_THE_SECOND)}, of {classes[1]}, or {wanted}"
    raise CorpusError(f"{name} must have probabilities in {wanted}, but its columns are {', '.join(table.columns)}.")


def _numbers(values: Table, name: str, *, two: bool) -> NDArray[Any]:
    import numpy as np
    import pandas as pd

    text = values.apply(lambda column: column.astype("string").str.replace(",", ".", regex=False))
    numbers = text.apply(pd.to_numeric, errors="coerce").astype(float)
    bad = numbers.isna().any(axis=1)
    if bad.any():
        image = numbers.index[bad][0]
        raise CorpusError(
            f"{name} must give every test image a number, but {int(bad.sum()):,} have none, such as {image}: "
            f"'{', '.join(str(one) for one in values.loc[image].fillna(''))}'. A program that cannot say gives the "
            "share of the class."
        )
    found = numbers.to_numpy()
    return np.column_stack([1 - found[:, 0], found[:, 0]]) if two and found.shape[1] == 1 else found


def _count(ids: Any) -> str:
    shown = ", ".join(ids[:_SOME])
    return f"{len(ids):,} images ({shown}{', …' if len(ids) > _SOME else ''})"
