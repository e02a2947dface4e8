"""The leaderboard in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nevus.contracts import Table
from nevus.metrics.titles import title
from nevus.pipelines.leaderboard.params import LeaderboardParams
from nevus.pipelines.leaderboard.runs import DATA, FLOOR
from nevus.pipelines.reporting.wording import display, signed

SHORT = 8  # characters of a fingerprint
SUMMARY = ("Rank", "Method", "Data", "Labels", "Seeds")


def summary_table(leaderboard: Table, pairs: Table, options: LeaderboardParams) -> Table:
    """What the screen shows: a row a method and data set, as text.

    Args:
        leaderboard: From `nodes.compare_methods`.
        pairs: Likewise.
        options: What ranks.
    """
    import pandas as pd

    heading = title(options.rank_by).heading
    differences = to_the_best(leaderboard, pairs)
    rows = []
    for row in leaderboard.to_dict("records"):
        key = tuple(str(row[name]) for name in (*DATA, "method", "role"))
        shown = (rank_of(row), method_of(row), data_of(row), count_of(row["labeled"]), seeds_of(row))
        rows.append((*shown, score_of(row, options.rank_by), range_of(row), differences.get(key, "")))
    return pd.DataFrame(rows, columns=[*SUMMARY, heading, "Interval", "Minus the best"])


def to_the_best(leaderboard: Table, pairs: Table) -> dict[tuple[str, ...], str]:
    """The difference of each method to the best of its data set, in words."""
    best = leaderboard[leaderboard["rank"] == 1].set_index(list(DATA))["method"].to_dict()
    return {
        tuple(str(row[name]) for name in (*DATA, "method", "role")): signed(row)
        for row in pairs.to_dict("records")
        if row["other"] == best.get(tuple(row[name] for name in DATA))
    }


def rank_of(row: Mapping[Any, Any]) -> str:
    """Its place; nothing for a floor."""
    return "" if row["rank"] != row["rank"] or str(row["rank"]) == "<NA>" else f"{row['rank']:.0f}"


def method_of(row: Mapping[Any, Any]) -> str:
    """Its name for readers, and that it is a floor."""
    return f"{display(str(row['method']))}{' (floor)' if row['role'] == FLOOR else ''}"


def data_of(row: Mapping[Any, Any]) -> str:
    """The name of the data set and the beginning of its fingerprint."""
    return f"{row['dataset']} {str(row['corpus'])[:SHORT]}"


def seeds_of(row: Mapping[Any, Any]) -> str:
    """How many; a floor knows none."""
    return "" if row["role"] == FLOOR else str(row["seeds"])


def count_of(value: Any) -> str:
    """A whole number; nothing where it is not known."""
    return "" if value != value else f"{value:,.0f}"


def score_of(row: Mapping[Any, Any], metric: str) -> str:
    """The mean, and the standard deviation over the seeds where there are several."""
    value, deviation = row[metric], row[f"{metric}_sd"]
    if value != value:
        return ""
    return f"{value:.3f}" if deviation != deviation else f"{value:.3f} ± {deviation:.3f}"


def range_of(row: Mapping[Any, Any]) -> str:
    """The interval over the test images, where there is one."""
    return "" if row["low"] != row["low"] else f"{row['low']:.3f} to {row['high']:.3f}"
