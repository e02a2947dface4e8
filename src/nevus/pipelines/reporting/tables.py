"""Tables of the report, cell by cell."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from nevus.contracts import Table
from nevus.metrics.titles import in_order, title
from nevus.pipelines.reporting.classes import terms
from nevus.pipelines.reporting.wording import UNDECIDED, display, frequency, p_value, range_of, signed, standing


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


def class_table(class_metrics: Table, classes: Sequence[str]) -> ScoreTable | None:
    """Arrange the scores of each class against the rest as `score_table` does those of methods; None without any."""
    if class_metrics.empty:
        return None
    return score_table(class_metrics.rename(columns={"class": "method"}).assign(role="class"), classes, str)


def predictive_table(values: Table) -> list[dict[str, str]]:
    """Arrange predictive values for the page, a row a prevalence.

    Returns:
        `prevalence`, `ppv` and `npv` with `ppv_range` and `npv_range` (empty where nobody is called so), and `found`,
        `missed` and `false_alarms` in a thousand.
    """
    rows = []
    for row in values.to_dict("records"):
        found = {"prevalence": frequency(row["prevalence"])}
        for name in ("ppv", "npv"):
            one = {"value": row[name], "low": row[f"{name}_low"], "high": row[f"{name}_high"]}
            known = not math.isnan(row[name])
            found |= {name: f"{row[name]:.3f}" if known else "", f"{name}_range": _range(one) if known else ""}
        rows.append(found | {name: f"{row[name]:.0f}" for name in ("found", "missed", "false_alarms")})
    return rows


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


def _range(row: Mapping[str, float]) -> str:
    """Ends of an interval with three digits: where a disease is rare, negative predictive values all begin with 0.9."""
    return "" if math.isnan(row["low"]) else f"{row['low']:.3f} to {row['high']:.3f}"


def _mcnemar(row: Any) -> str:
    if math.isnan(row.get("mcnemar_p_value", math.nan)):
        return ""
    test = p_value({"p_value": row["mcnemar_p_value"]})
    return f"{row['only_one']:.0f} against {row['only_other']:.0f} images, McNemar's p {test}"
