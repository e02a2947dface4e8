"""Put tracked runs side by side."""

from __future__ import annotations

from nevus.contracts import Figure, NevusError, Table, TrackingStore
from nevus.pipelines.leaderboard.params import LeaderboardParams
from nevus.pipelines.reporting.params import EvaluationParams


def collect_runs(store: TrackingStore, options: LeaderboardParams) -> tuple[Table, Table]:
    """Read the tracked runs, and part them into those that count and those that are left out.

    Args:
        store: Where runs are tracked.
        options: Which experiments, methods, data sets and metrics.

    Returns:
        A row a run that counts, and a row a floor of each data set (`runs.RUN_COLUMNS` and the metrics); and a row a
        reason for leaving runs out: `reason`, `runs`, `examples`.

    Raises:
        NevusError: The store cannot be read, an experiment is not there, or no run counts.
    """
    from nevus.pipelines.leaderboard.runs import left_out_table, runs_table
    from nevus.pipelines.leaderboard.selection import select

    entries, others = select(store.results(options.experiments), options)
    left_out = left_out_table(others)
    if not entries:
        counts = ", ".join(f"{row['runs']} {row['reason']}" for row in left_out.to_dict("records"))
        raise NevusError(
            f"a leaderboard needs a finished run with the metric {options.rank_by}, but there is none. "
            f"Tracked: {counts or 'nothing'}. Train one, such as by `kedro run --pipeline=ssgan`, or look at "
            "conf/base/parameters/reporting.yml for what is asked for."
        )
    return runs_table(entries, options.shown), left_out


def compare_methods(
    store: TrackingStore, runs: Table, options: LeaderboardParams, scoring: EvaluationParams
) -> tuple[Table, Table]:
    """Average over the seeds, rank, and compare the best methods image by image, as far as predictions can be had.

    Args:
        store: Where runs are tracked.
        runs: From `collect_runs`.
        options: What ranks, what is shown, how many are compared.
        scoring: Bootstrap, bins and threshold.

    Returns:
        The leaderboard, a row a method and data set: `ranking.means_table` with the interval of the metric that ranks
        (`low`, `high`, over the test images), `error_images`, `error_seeds`, `paired_seeds` and `note`; and the paired
        differences to the best and to the floors (`pairs.PAIR_COLUMNS`).
    """
    from nevus.pipelines.leaderboard.pairs import compare_all
    from nevus.pipelines.leaderboard.ranking import means_table
    from nevus.pipelines.leaderboard.runs import DATA, with_text

    runs = with_text(runs)
    means = means_table(runs, options)
    intervals, pairs = compare_all(store, runs, means, options, scoring)
    return means.merge(intervals, on=[*DATA, "method", "role"], how="left", sort=False), pairs


def summarise(leaderboard: Table, pairs: Table, options: LeaderboardParams) -> Table:
    """The leaderboard as the screen shows it.

    Args:
        leaderboard: From `compare_methods`.
        pairs: Likewise.
        options: What ranks.
    """
    from nevus.pipelines.leaderboard.wording import summary_table

    return summary_table(leaderboard, pairs, options)


def draw_leaderboard(runs: Table, leaderboard: Table, options: LeaderboardParams, scoring: EvaluationParams) -> Figure:
    """Draw the metric that ranks, a panel a data set and a line a method.

    Args:
        runs: From `collect_runs`.
        leaderboard: From `compare_methods`.
        options: What ranks.
        scoring: For the confidence of the intervals.
    """
    from nevus.metrics.titles import title
    from nevus.pipelines.leaderboard.drawing import panels_of
    from nevus.pipelines.leaderboard.runs import with_text
    from nevus.plots.leaderboard import leaderboard as draw

    panels = panels_of(with_text(runs), leaderboard, options.rank_by)
    return draw(panels, metric=title(options.rank_by).heading, confidence=scoring.confidence)


def draw_budgets(runs: Table, leaderboard: Table, options: LeaderboardParams) -> Figure:
    """Draw the metric that ranks over the number of labelled images, or say that there is but one number.

    Args:
        runs: From `collect_runs`.
        leaderboard: From `compare_methods`.
        options: What ranks.
    """
    from nevus.metrics.titles import title
    from nevus.pipelines.leaderboard.drawing import budget_scores
    from nevus.pipelines.leaderboard.runs import with_text
    from nevus.plots.label_budgets import label_budgets, no_budgets

    scores = budget_scores(with_text(runs), leaderboard, options)
    if scores.empty:
        return no_budgets()
    return label_budgets(scores, {options.rank_by: title(options.rank_by).heading})


def write_page(
    runs: Table,
    left_out: Table,
    leaderboard: Table,
    pairs: Table,
    figure: bytes,
    budgets: bytes,
    options: LeaderboardParams,
    scoring: EvaluationParams,
) -> str:
    """Write one page with the leaderboard, what the rows cost, and what was left out.

    Args:
        runs: From `collect_runs`.
        left_out: Likewise.
        leaderboard: From `compare_methods`.
        pairs: Likewise.
        figure: From `draw_leaderboard`, PNG.
        budgets: From `draw_budgets`, PNG; shown where a method has two label budgets.
        options: What ranks, and what is shown.
        scoring: For the confidence of the intervals.

    Returns:
        HTML that needs no other file.
    """
    import base64

    from nevus.metrics.titles import title
    from nevus.pipelines.leaderboard import page, wording
    from nevus.pipelines.leaderboard.drawing import budget_scores
    from nevus.pipelines.leaderboard.runs import with_text
    from nevus.pipelines.page import render

    runs = with_text(runs)
    several = not budget_scores(runs, leaderboard, options).empty
    return render(
        __package__,
        "leaderboard.html.j2",
        title=wording.title_of(runs),
        subtitle=wording.subtitle_of(runs, left_out),
        data_format="phantom" if (runs["format"] == "phantom").all() else "",
        heading=title(options.rank_by).heading,
        others=[title(name).heading for name in options.shown[1:]],
        figure=base64.b64encode(figure).decode("ascii"),
        budgets=base64.b64encode(budgets).decode("ascii") if several else "",
        data_sets=page.data_sets(leaderboard, pairs, options),
        left_out=left_out.to_dict("records"),
        level=f"{scoring.confidence:.0%}",
        terms=page.explained(options),
    )
