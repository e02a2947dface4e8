"""Tables turned into the points that a tracking store keeps."""

from __future__ import annotations

import math
import re
import time
from typing import NamedTuple

from nevus.contracts import METRIC_COLUMNS, Table

NOT_ALLOWED_IN_KEYS = re.compile(r"[^\w.\- :/]")  # what MLflow refuses in the name of a metric


class Point(NamedTuple):
    """One value of one curve.

    Attributes:
        key: Name of the curve.
        value: Never NaN.
        step: Position on the curve; 0 for a metric that is no curve.
        timestamp: When it was recorded, in milliseconds since 1970.
    """

    key: str
    value: float
    step: int
    timestamp: int


def metric_points(table: Table, prefix: str = "") -> list[Point]:
    """Final values with their intervals.

    Rows of the method itself become `{metric}`, `{metric}_low` and `{metric}_high`, so that runs of different methods
    share a column in the MLflow UI; other rows carry their method's name in front. NaN is left out.

    Args:
        table: One row a method and metric, columns as in `METRIC_COLUMNS`.
        prefix: Put before every key, such as `ssgan/` when one run holds the metrics of several methods.

    Raises:
        ValueError: A column is missing.
    """
    _require(table, METRIC_COLUMNS)
    now = _now()
    methods = table.loc[table["role"] == "method", "method"]
    alone = methods.nunique() <= 1
    points = []
    for row in table[list(METRIC_COLUMNS)].to_dict("records"):
        name = str(row["metric"]) if row["role"] == "method" and alone else f"{row['method']}/{row['metric']}"
        for suffix, column in (("", "value"), ("_low", "low"), ("_high", "high")):
            number = float(row[column])
            if not math.isnan(number):
                points.append(Point(_key(f"{prefix}{name}{suffix}"), number, 0, now))
    return points


def history_points(table: Table, namespace: str) -> list[Point]:
    """Curves: every numeric column of a table with an integer `step` column, NaN left out.

    Args:
        table: One row a logged step.
        namespace: Put before the column's name: `ssgan` gives `ssgan/loss`.

    Raises:
        ValueError: There is no `step` column.
    """
    _require(table, ("step",))
    now = _now()
    steps = [int(step) for step in table["step"]]
    columns = table.select_dtypes(include="number").drop(columns="step", errors="ignore")
    points = []
    for column in columns:
        values = columns[column].to_numpy(dtype="float64", na_value=math.nan).tolist()
        key = _key(f"{namespace}/{column}")
        points += [Point(key, value, step, now) for step, value in zip(steps, values, strict=True) if value == value]
    return points


def _require(table: Table, wanted: tuple[str, ...]) -> None:
    missing = [column for column in wanted if column not in table.columns]
    if missing:
        found = ", ".join(map(str, table.columns))
        raise ValueError(f"the table must have the columns {', '.join(wanted)}; {missing} is missing, found: {found}")


def _key(name: str) -> str:
    return NOT_ALLOWED_IN_KEYS.sub("_", name)


def _now() -> int:
    return int(time.time() * 1000)
