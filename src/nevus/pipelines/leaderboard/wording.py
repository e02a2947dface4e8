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


def title_of(runs: Table) -> str:
    """How much is compared."""
    trained = runs[runs["role"] != FLOOR]
    methods, data = trained["method"].nunique(), len(trained.drop_duplicates(list(DATA)))
    counts = [count_words(len(trained), "run"), count_words(methods, "method"), count_words(data, "data set")]
    return "Leaderboard: {} of {} on {}".format(*counts)


def subtitle_of(runs: Table, left_out: Table) -> str:
    """Where the runs are tracked, and how many do not count."""
    names = ", ".join(runs["experiment"].drop_duplicates())
    return (
        f"Experiment {names} in MLflow; {count_words(int(left_out['runs'].sum()), 'run')} left out, for reasons below"
    )


def name_of_data(row: Mapping[Any, Any]) -> str:
    """A data set for readers: its name, labels and fingerprint."""
    labels = "" if row["labeled"] != row["labeled"] else f", {row['labeled']:,.0f} labels"
    return f"{row['dataset']}{labels} (corpus {str(row['corpus'])[:SHORT]})"


def rank_of(row: Mapping[Any, Any]) -> str:
    """Its place; nothing for a floor."""
    import pandas as pd

    return "" if pd.isna(row["rank"]) else f"{row['rank']:.0f}"


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


def cost_of(value: float) -> str:
    """Seconds, images a second or a number of parameters: three digits are enough."""
    if value != value:
        return ""
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def count_words(number: int, what: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
