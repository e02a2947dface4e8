"""Prediction tables, checked before they are scored."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nevus.contracts import PREDICTION_COLUMNS, CorpusError, Table


def scored_rows(table: Table, name: str) -> Table:
    """Take the test images of a prediction table, and refuse what cannot be scored.

    Args:
        table: Columns as in `PREDICTION_COLUMNS`.
        name: Of the method, for the messages.

    Returns:
        The rows of the test split, index from 0, `label` as int and `probability` as float.

    Raises:
        CorpusError: If columns, test rows or labels are missing, an image comes twice (several seeds in one table), or
            a probability is not in [0, 1].
    """
    missing = [column for column in PREDICTION_COLUMNS if column not in table.columns]
    if missing:
        raise CorpusError(
            f"Predictions of '{name}' need the columns {', '.join(PREDICTION_COLUMNS)}, but lack {', '.join(missing)}. "
            "Add them where the table is made."
        )
    rows = table[table["split"] == "test"].reset_index(drop=True)
    _check(rows, name)
    return rows.assign(label=rows["label"].astype(int), probability=rows["probability"].astype(float))


def align(tables: Mapping[str, Table]) -> dict[str, Table]:
    """Bring the test rows of several methods into the same order, so that they can be compared image by image.

    Args:
        tables: A prediction table for each method; the first one gives order and groups.

    Returns:
        The test rows of each method, all in the same order.

    Raises:
        CorpusError: If a table cannot be scored, or methods differ in images or labels.
    """
    rows = {name: scored_rows(table, name) for name, table in tables.items()}
    first, *others = rows
    wanted = rows[first]
    for name in others:
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


def _check(rows: Table, name: str) -> None:
    where = f"Predictions of '{name}'"
    if rows.empty:
        raise CorpusError(f"{where} have no row with split 'test'. Predict the test images before evaluating.")
    if rows["label"].isna().any():
        raise CorpusError(f"{where} lack {int(rows['label'].isna().sum())} test labels; scoring needs all of them.")
    if rows["image_id"].duplicated().any():
        seeds = rows["seed"].nunique()
        raise CorpusError(
            f"{where} must hold each test image once, but {int(rows['image_id'].duplicated().sum())} rows repeat one "
            f"({seeds} seeds in the table). Score each seed in a table of its own."
        )
    probability = rows["probability"].to_numpy(dtype=float, na_value=np.nan)
    outside = ~((probability >= 0) & (probability <= 1))
    if outside.any():
        raise CorpusError(
            f"{where} must lie between 0 and 1, but {int(outside.sum())} do not, such as {probability[outside][0]}. "
            "Pass logits through a sigmoid first."
        )


def _compare_images(first: str, wanted: set[str], name: str, found: set[str]) -> None:
    if wanted != found:
        example = sorted(wanted ^ found, key=str)[0]
        raise CorpusError(
            f"'{first}' and '{name}' must predict the same test images, but {len(wanted - found)} are only in the "
            f"first and {len(found - wanted)} only in the second, such as '{example}'. Run both on the same corpus."
        )
