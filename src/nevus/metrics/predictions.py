"""Prediction tables: made from probabilities, checked, and turned into probabilities again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nevus.contracts import PREDICTION_COLUMNS, CorpusError, Table
from nevus.groups import shared_groups
from nevus.metrics.classification import class_count, of_interest

_TOLERANCE = 1e-3  # of the sum over the classes, for tables written with few digits


def probability_columns(classes: int) -> list[str]:
    """Names of the columns that hold the probabilities of K classes."""
    return ["probability"] if classes == 2 else [f"probability_{number}" for number in range(classes)]


def prediction_table(
    rows: Table, probabilities: NDArray[Any], *, seed: int, parts: Mapping[str, NDArray[Any]] | None = None
) -> Table:
    """Write down what was predicted.

    Args:
        rows: Manifest rows of the images.
        probabilities: (n, K), of each class.
        seed: Of the training.
        parts: What each thing that the probabilities were put together of says alone, (n, K) by its name.

    Returns:
        Columns as in `PREDICTION_COLUMNS`, index from 0; `group_id` as by `shared_groups`. The probabilities of a part
        follow, its name in front of theirs.
    """
    columns = probability_columns(probabilities.shape[1])
    found = {"": probabilities, **{f"{name}_": part for name, part in (parts or {}).items()}}
    values = {
        f"{prefix}{column}": wanted
        for prefix, part in found.items()
        for column, wanted in zip(columns, np.atleast_2d(of_interest(part).T).astype(np.float64), strict=True)
    }
    groups = pd.array(shared_groups(rows), dtype="str")  # copies are no independent images
    table = rows.assign(seed=seed, group_id=groups, **values)
    return table[[*_with_columns(columns), *list(values)[len(columns) :]]].reset_index(drop=True)


def tables_of_parts(table: Table) -> dict[str, Table]:
    """A prediction table for each part that the probabilities were put together of, by its name; mostly none."""
    columns = _found_columns(table)
    first = columns[0]
    names = [str(name).removesuffix(f"_{first}") for name in table.columns if str(name).endswith(f"_{first}")]
    rest = [str(name) for name in table.columns if "probability" not in str(name)]
    return {name: table[rest].assign(**{column: table[f"{name}_{column}"] for column in columns}) for name in names}


def probabilities_of(table: Table) -> NDArray[np.float64]:
    """The probabilities of a prediction table: (n,), of label 1, for two classes; (n, K) for more."""
    columns = _found_columns(table)
    values = table[columns].to_numpy(dtype=np.float64, na_value=np.nan)
    return values[:, 0] if len(columns) == 1 else values


def scored_rows(table: Table, name: str) -> Table:
    """Take the test images of a prediction table, and refuse what cannot be scored.

    Args:
        table: Columns as in `PREDICTION_COLUMNS`.
        name: Of the method, for the messages.

    Returns:
        The rows of the test split, index from 0, `label` as int and probabilities as float.

    Raises:
        CorpusError: If columns, test rows or labels are missing, an image comes twice (several seeds in one table), a
            label has no column, or probabilities are not in [0, 1] or do not add up to 1.
    """
    _check_columns(table, name)
    columns = _found_columns(table)
    rows = table[table["split"] == "test"].reset_index(drop=True)
    _check_rows(rows, name)
    _check_probabilities(rows, name)
    return rows.assign(label=rows["label"].astype(int), **rows[columns].astype(float))


class PredictionsValidator:
    """Kedro's check of a table of predictions where it is saved or loaded: it is what teams hand to one another."""

    def validate(self, data: Table) -> Table:
        """Hand the table on.

        Raises:
            CorpusError: Columns are missing, or probabilities are not in [0, 1] or do not add up to 1.
        """
        _check_columns(data, "the table")
        _check_probabilities(data[data["label"].notna()], "the table")
        return data


def align(tables: Mapping[str, Table]) -> dict[str, Table]:
    """Bring the test rows of several methods into the same order, so that they can be compared image by image.

    Args:
        tables: A prediction table for each method; the first one gives order and groups.

    Returns:
        The test rows of each method, all in the same order.

    Raises:
        CorpusError: If a table cannot be scored, or methods differ in classes, images or labels.
    """
    rows = {name: scored_rows(table, name) for name, table in tables.items()}
    first, *others = rows
    wanted = rows[first]
    for name in others:
        if _found_columns(rows[name]) != _found_columns(wanted):
            raise CorpusError(
                f"'{first}' and '{name}' must predict the same classes, but one has the columns "
                f"{', '.join(_found_columns(wanted))} and the other {', '.join(_found_columns(rows[name]))}. "
                "Run both on the same corpus."
            )
        found = rows[name].set_index("image_id")
        _compare_images(first, set(wanted["image_id"]), name, set(found.index))
        rows[name] = found.loc[wanted["image_id"]].reset_index()
        differing = int((rows[name]["label"] != wanted["label"]).sum())
        if differing:
            raise CorpusError(
                f"'{first}' and '{name}' must agree on the labels of the test images, but {differing} differ. "
                "Run both on the same corpus."
            )
    return rows


def _found_columns(table: Table) -> list[str]:
    """The columns of the probabilities as they should be: of as many classes as the table has columns."""
    classes = sum(str(column).startswith("probability_") for column in table.columns)
    return probability_columns(max(2, classes))


def _with_columns(probabilities: list[str]) -> list[str]:
    """`PREDICTION_COLUMNS` with these in the place of `probability`."""
    return [column for place in PREDICTION_COLUMNS for column in (probabilities if place == "probability" else [place])]


def _check_columns(table: Table, name: str) -> None:
    wanted = _with_columns(_found_columns(table))
    missing = [column for column in wanted if column not in table.columns]
    if missing:
        raise CorpusError(
            f"Predictions of '{name}' need the columns {', '.join(wanted)}, but lack {', '.join(missing)}. "
            "Add them where the table is made; with more than two classes, probability_0 and so on, one for each, "
            "stand in the place of probability."
        )


def _check_rows(rows: Table, name: str) -> None:
    where = f"Predictions of '{name}'"
    if rows.empty:
        raise CorpusError(f"{where} have no row with split 'test'. Predict the test images before evaluating.")
    if rows["label"].isna().any():
        raise CorpusError(
            f"{where} lack {int(rows['label'].isna().sum())} test labels; scoring needs all of them. Where the official"
            " test images have none, draw test images from the labelled ones by splits.test=hold_out "
            "(conf/base/parameters/splits.yml)."
        )
    if rows["image_id"].duplicated().any():
        seeds = rows["seed"].nunique()
        raise CorpusError(
            f"{where} must hold each test image once, but {int(rows['image_id'].duplicated().sum())} rows repeat one "
            f"({seeds} seeds in the table). Score each seed in a table of its own."
        )


def _check_probabilities(rows: Table, name: str) -> None:
    where, probabilities = f"Predictions of '{name}'", probabilities_of(rows)
    outside = ~((probabilities >= 0) & (probabilities <= 1))
    if outside.any():
        raise CorpusError(
            f"{where} must lie between 0 and 1, but {int(outside.sum())} do not, such as {probabilities[outside][0]}. "
            "Pass logits through a sigmoid first, those of several classes through a softmax."
        )
    uneven = np.abs(probabilities.sum(axis=1) - 1) > _TOLERANCE if probabilities.ndim > 1 else np.zeros(1, dtype=bool)
    if uneven.any():
        raise CorpusError(
            f"{where} must add up to 1 over the classes, but those of {int(uneven.sum())} images do not. "
            "Pass logits through a softmax first."
        )
    classes = class_count(probabilities)
    unknown = rows.loc[~rows["label"].astype(int).isin(range(classes)), "label"]
    if len(unknown):
        raise CorpusError(
            f"{where} give probabilities of {classes} classes, so labels must be 0 to {classes - 1}, but "
            f"{len(unknown)} are not, such as {unknown.iloc[0]}. Add the columns of the other classes."
        )


def _compare_images(first: str, wanted: set[str], name: str, found: set[str]) -> None:
    if wanted != found:
        example = sorted(wanted ^ found, key=str)[0]
        raise CorpusError(
            f"'{first}' and '{name}' must predict the same test images, but {len(wanted - found)} are only in the "
            f"first and {len(found - wanted)} only in the second, such as '{example}'. Run both on the same corpus."
        )
