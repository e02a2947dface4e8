"""Tables of the report, cell by cell."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from nevus.contracts import Table
from nevus.metrics.titles import in_order, title
from nevus.pipelines.reporting.classes import terms
from nevus.pipelines.reporting.wording import UNDECIDED, display, p_value, range_of, signed, standing


class ScoreTable(NamedTuple):
    """Scores as a page shows them.

    Attributes:
        methods: Name and role of each column.
        blocks: Heading and rows; a row has `name`, `meaning` and `cells`, each value, interval and role of a method.
    """

    methods: list[tuple[str, str]]
    blocks: list[tuple[str, list[dict[str, Any]]]]


def score_table(metrics: Table, classes: Sequence[str], naming: Callable[[str], str] = display) -> ScoreTable:
    """Arrange scores for the page: a row a metric, those of one kind together, and a column a method.

    Args:
        metrics: `METRIC_COLUMNS`.
        classes: Names of the classes, for what the metrics mean.
        naming: From the name of a method to the one that readers see.
    """
    columns = list(metrics.drop_duplicates("method")[["method", "role"]].itertuples(index=False, name=None))
    found = {(row["metric"], row["method"]): row for row in metrics.to_dict("records")}
    rows = [
        {
            "name": title(metric).heading,
            "meaning": title(metric).meaning.format(**terms(classes)),
            "cells": [(*_score(found.get((metric, method))), role) for method, role in columns],
            "block": title(metric).block,
        }
        for metric in in_order(metrics["metric"])
    ]
    return ScoreTable([(naming(str(method)), str(role)) for method, role in columns], _in_blocks(rows))


def difference_table(comparison: Table) -> list[tuple[str, list[dict[str, Any]]]]:
    """Arrange differences for the page; where it is not known which way is better, nobody is said to be ahead.

    Returns:
        Blocks as in `ScoreTable`; a row has `name` and `cells`, one for each other method: its name as `other`, and
        where there is a difference, `difference`, `p_value`, `standing` and in `mcnemar` that test, or nothing.
    """
    rows, others = [], list(dict.fromkeys(comparison["other"]))
    for metric in in_order(comparison["metric"]):
        words, of_metric = title(metric), comparison[comparison["metric"] == metric].set_index("other")
        cells = [{"other": display(other)} | _difference(of_metric, other, words.better) for other in others]
        rows.append({"name": words.heading, "cells": cells, "block": words.block})
    return _in_blocks(rows)


def _in_blocks(rows: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    blocks: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        blocks.setdefault(row["block"], []).append(row)
    return list(blocks.items())


def _score(row: Mapping[Any, Any] | None) -> tuple[str, str]:
    return ("", "") if row is None else (f"{row['value']:.2f}", range_of(row))


def _difference(rows: Table, other: str, better: int) -> dict[str, str]:
    if other not in rows.index:
        return {}
    row = rows.loc[other]
    found = standing(row, better) if better else UNDECIDED
    return {
        "difference": signed(row),
        "p_value": p_value(row),
        "standing": found,
        "mcnemar": _mcnemar(row),
    }


def _mcnemar(row: Any) -> str:
    if math.isnan(row.get("mcnemar_p_value", math.nan)):
        return ""
    test = p_value({"p_value": row["mcnemar_p_value"]})
    return f"{row['only_one']:.0f} against {row['only_other']:.0f} images, McNemar's p {test}"
