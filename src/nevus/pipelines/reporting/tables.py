"""Tables of the report, cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nevus.contracts import Table
from nevus.metrics.titles import in_order, title
from nevus.pipelines.reporting.classes import terms
from nevus.pipelines.reporting.wording import UNDECIDED, display, p_value, range_of, signed, standing


def metric_titles(metrics: Table, classes: Sequence[str]) -> list[tuple[str, str]]:
    """Name and explain the metrics that there are, in the order of `metrics.titles`."""
    words = [title(name) for name in in_order(metrics["metric"])]
    return [(each.heading, each.meaning.format(**terms(classes))) for each in words]


def score_table(metrics: Table) -> list[dict[str, Any]]:
    """Arrange scores for the page.

    Returns:
        One dict a method with `name`, `role` and `cells`: value and interval of each of `metric_titles`, or nothing.
    """
    table, names = [], in_order(metrics["metric"])
    for (name, role), rows in metrics.groupby(["method", "role"], sort=False):
        found = {row["metric"]: (f"{row['value']:.2f}", range_of(row)) for _, row in rows.iterrows()}
        cells = [found.get(metric, ("", "")) for metric in names]
        table.append({"name": display(str(name)), "role": role, "cells": cells})
    return table


def difference_table(comparison: Table) -> list[dict[str, Any]]:
    """Arrange differences for the page; where it is not known which way is better, nobody is said to be ahead.

    Returns:
        One dict a metric with `name` and `cells`, one for each other method: its name as `other`, and where there is a
        difference, `difference`, `p_value` and `standing`.
    """
    table, others = [], list(dict.fromkeys(comparison["other"]))
    for metric in in_order(comparison["metric"]):
        words, rows = title(metric), comparison[comparison["metric"] == metric].set_index("other")
        cells = [{"other": display(other)} | _difference(rows, other, words.better) for other in others]
        table.append({"name": words.heading, "cells": cells})
    return table


def _difference(rows: Table, other: str, better: int) -> dict[str, str]:
    if other not in rows.index:
        return {}
    row = rows.loc[other]
    found = standing(row, better) if better else UNDECIDED
    return {"difference": signed(row), "p_value": p_value(row), "standing": found}
