"""What the figures of the leaderboard show."""

from __future__ import annotations

from nevus.contracts import Table
from nevus.pipelines.leaderboard.params import LeaderboardParams
from nevus.pipelines.leaderboard.ranking import of_data_sets
from nevus.pipelines.leaderboard.runs import DATA, FLOOR, GROUP
from nevus.pipelines.leaderboard.wording import method_of, name_of_data
from nevus.pipelines.reporting.wording import display
from nevus.plots.leaderboard import Line, Panel

LINES, PANELS, SERIES = 15, 8, 10  # more cannot be read; the tables have all


def panels_of(runs: Table, leaderboard: Table, metric: str) -> list[Panel]:
    """The best methods of each data set, and the floors.

    Args:
        runs: As from `runs.runs_table`.
        leaderboard: As from `nodes.compare_methods`.
        metric: That ranks.
    """
    by_group = {key: tuple(values) for key, values in runs.groupby(list(GROUP), sort=False)[metric]}
    panels = []
    for _, rows in of_data_sets(leaderboard)[:PANELS]:
        lines = [
            Line(
                method_of(row),
                str(row["role"]),
                row[metric],
                row["low"],
                row["high"],
                () if row["role"] == FLOOR else by_group[tuple(row[name] for name in GROUP)],
            )
            for row in rows[rows["rank"].isna() | (rows["rank"] <= LINES)].to_dict("records")
        ]
        panels.append(Panel(name_of_data(rows.iloc[0].to_dict()), lines))
    return panels


def budget_scores(runs: Table, leaderboard: Table, options: LeaderboardParams) -> Table:
    """The scores over the number of labelled images, of corpora that differ in nothing else.

    Where several of these have as many labels, such as after a change of the code that packs, the one with the most
    runs is taken: runs of different corpora are not averaged.

    Args:
        runs: As from `runs.runs_table`.
        leaderboard: As from `nodes.compare_methods`; of many methods its best are taken.
        options: What ranks.

    Returns:
        `series`, `role`, `labeled`, `metric`, `seed` and `value`, as `plots.label_budgets` takes them; empty where no
        method was trained with two budgets.
    """
    known = runs[runs["labeled"].notna()]
    pools = ["dataset", "budgets_of"]
    often = known.groupby([*pools, "labeled", *DATA[::2]], sort=False).size().reset_index(name="often")
    often = often.sort_values("often", ascending=False, kind="stable").drop_duplicates([*pools, "labeled"])
    chosen = known.merge(often.drop(columns="often"), on=[*pools, "labeled", *DATA[::2]])
    several = chosen[chosen.groupby([*pools, "method", "role"])["labeled"].transform("nunique") > 1]
    best = leaderboard.loc[leaderboard["role"] != FLOOR, "method"].drop_duplicates()
    best = best[best.isin(set(several["method"]))].head(SERIES)
    shown = several[several["method"].isin(set(best)) | (several["role"] == FLOOR)]
    return shown.assign(
        series=_series(shown, pools),
        role=shown["role"].replace("part", "method"),
        metric=options.rank_by,
        value=shown[options.rank_by],
    )[["series", "role", "labeled", "metric", "seed", "value"]]


def _series(shown: Table, pools: list[str]) -> list[str]:
    """Names of the methods, with that of the data where there are several."""
    numbers = shown.groupby(pools, sort=False).ngroup() + 1
    several = numbers.nunique() > 1
    return [
        f"{display(method)}, {data} {number}" if several else display(method)
        for method, data, number in zip(shown["method"], shown["dataset"], numbers, strict=True)
    ]
