"""The manifest's columns and types, the same after a round trip through parquet."""

from typing import Any

import pandas as pd
import pandera.pandas as pa

from nevus.contracts import MANIFEST_COLUMNS, SPLITS, Table

_HEX = r"[0-9a-f]"


def _counts_from_zero(rows: "pd.Series[int]") -> bool:
    return bool((rows.to_numpy() == range(len(rows))).all())


def _column(dtype: Any, *checks: pa.Check, nullable: bool = False, unique: bool = False) -> pa.Column:
    return pa.Column(dtype, list(checks), nullable=nullable, unique=unique, coerce=True)


_COLUMNS = {
    "image_id": _column(str, pa.Check.str_length(min_value=1), unique=True),
    "split": _column(str, pa.Check.isin(SPLITS)),
    "label": _column("Int64", pa.Check.ge(0), nullable=True),
    "diagnosis": _column(str, nullable=True),
    "group_id": _column(str, nullable=True),
    "age": _column("float64", pa.Check.in_range(0, 150), nullable=True),
    "sex": _column(str, nullable=True),
    "site": _column(str, nullable=True),
    "source": _column(str),
    "width": _column("int64", pa.Check.gt(0)),
    "height": _column("int64", pa.Check.gt(0)),
    "sha256": _column(str, pa.Check.str_matches(rf"^{_HEX}{{64}}$")),
    "phash": _column(str, pa.Check.str_matches(rf"^{_HEX}{{16}}$")),
    "row": _column("int64", pa.Check(_counts_from_zero, error="rows count 0, 1, 2, ...")),
}

MANIFEST = pa.DataFrameSchema({name: _COLUMNS[name] for name in MANIFEST_COLUMNS}, strict=True, ordered=True)


def conform(table: Table) -> Table:
    """Bring rows to the manifest's columns and types: missing columns become null, others are dropped.

    Args:
        table: Some or all of the manifest's columns, with values for those that must not be null.

    Returns:
        The same rows with exactly `MANIFEST_COLUMNS`; values are not checked.
    """
    return MANIFEST.coerce_dtype(table.reindex(columns=list(MANIFEST_COLUMNS)))
