"""A row a method and data set: means over the seeds, their spread, and what a run costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nevus.contracts import Table
from nevus.metrics.titles import title
from nevus.pipelines.leaderboard.params import LeaderboardParams
from nevus.pipelines.leaderboard.runs import COSTS, DATA, FLOOR, GROUP

if TYPE_CHECKING:
    import pandas as pd


def means_table(runs: Table, options: LeaderboardParams) -> Table:
    """Average over the seeds, and rank the methods of each data set; floors stand at their place without a rank.

    Args:
        runs: As from `runs.runs_table`.
        options: What ranks, and what is shown.

    Returns:
        `GROUP`, `labeled`, `rank` (from 1 in each data set; none for floors), `seeds`, for each metric its mean and
        `{metric}_sd` (standard deviation over the seeds, none for one seed), means of `COSTS`, and `differs`. Data sets
        in the order of their names, the larger label budget first, the best method first.
    """
    groups = runs.groupby(list(GROUP), sort=False)
    columns: dict[str, pd.Series] = {"labeled": groups["labeled"].first(), "seeds": groups["seed"].nunique()}
    for metric in options.shown:
        columns[metric] = groups[metric].mean()
        columns[f"{metric}_sd"] = groups[metric].std()
    columns |= {cost: groups[cost].mean() for cost in COSTS} | {"differs": groups["differs"].first()}
    first = next(iter(columns.values()))
    table = first.to_frame().assign(**columns).reset_index()
    return _ranked(table, options)


def of_data_sets(table: Table) -> list[tuple[tuple[str, ...], Table]]:
    """The rows of each data set, in order."""
    return [(tuple(map(str, key)), rows) for key, rows in table.groupby(list(DATA), sort=False)]


def _ranked(table: Table, options: LeaderboardParams) -> Table:
    """Best first, whichever way is better; a metric that nothing is said of counts as better when higher."""
    better = title(options.rank_by).better or 1
    order = table.assign(place=-better * table[options.rank_by], budget=-table["labeled"])
    order = order.sort_values(["dataset", "budget", "experiment", "corpus", "place", "method"], kind="stable")
    ordered = table.loc[order.index].reset_index(drop=True)
    ranked = ordered[ordered["role"] != FLOOR].groupby(list(DATA), sort=False).cumcount() + 1
    ordered.insert(0, "rank", ranked.reindex(ordered.index).astype("Int64"))
    return ordered
