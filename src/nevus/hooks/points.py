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


def metric_points(table: Table, role: str, prefix: str = "") -> list[Point]:
    """Final values of the rows of one role, as `{metric}`, so that runs of different methods share a chart.

    Where the role's rows are of several methods, and for floors and ablations always, the method's name goes in front.
    The bounds of the intervals stay in the table: as metrics they would be two more charts each. NaN is left out.

    Args:
        table: One row a method and metric, columns as in `METRIC_COLUMNS`.
        role: "method", "ablation", "baseline" or "floor".
        prefix: Put before every key, such as `floor/`.

    Raises:
        ValueError: A column is missing.
    """
    _require(table, METRIC_COLUMNS)
    now = _now()
    rows = table.loc[table["role"] == role, list(METRIC_COLUMNS)]
    alone = role not in ("floor", "ablation") and rows["method"].nunique() <= 1
    points = []
    for row in rows.to_dict("records"):
        name = str(row["metric"]) if alone else f"{row['method']}/{row['metric']}"
        if not math.isnan(value := float(row["value"])):
            points.append(Point(_key(f"{prefix}{name}"), value, 0, now))
    return points


def history_points(table: Table, prefix: str = "") -> list[Point]:
    """Curves: every numeric column of a table with an integer `step` column, NaN left out.

    Args:
        table: One row a logged step.
        prefix: Put before the column's name, such as `fold/`.

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
        key = _key(f"{prefix}{column}")
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
