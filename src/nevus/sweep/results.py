"""What a sweep has found: a row a run and metric, a row a configuration, and curves over the label budgets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from nevus.sweep.files import COSTS, Files, costs, record, scores, seconds
from nevus.sweep.points import BUDGET, Point

if TYPE_CHECKING:
    from nevus.contracts import Figure, Table

# By the pipeline and the role of what stands beside its method: parameters that make no difference to it.
Unread: TypeAlias = Mapping[str, Mapping[str, Collection[str]]]
POINTS, CONFIGURATIONS, CURVES = "points.csv", "configurations.csv", "label_budgets.png"
SHOWN = ("auc", "accuracy")
COST_HEADINGS = ("Training s", "Images/s", "Parameters", "GFLOPs")  # of `COSTS`
OF_NETWORK = ("parameters", "flops")  # whole numbers, the same for all seeds
SCORES = ("metric", "value", "low", "high", "seconds")  # what is not said of a configuration


def points_table(files: Files, points: Sequence[Point], varied: Sequence[str], unread: Unread) -> Table:
    """A row a run, method and metric.

    Args:
        files: Of the sweep.
        points: Those that are done, at least one.
        varied: Names of the parameters that the sweep varies, a column each.
        unread: Those of them that make no difference to the baseline or the floors.

    Returns:
        `pipeline`, a column a parameter varied (empty where it makes no difference to what the row is of), `labeled`
        (labelled images that train, of all classes), `seed`, `run`, `method`, `role`, `metric`, `value`, `low`, `high`,
        `seconds` (of the call), and `COSTS` of the method or its baseline.
    """
    import pandas as pd

    rows = [row for point in points for row in _rows(files, point, varied, unread.get(point.pipeline, {}))]
    return pd.DataFrame(rows).astype(dict.fromkeys(OF_NETWORK, "Int64"))


def _rows(
    files: Files, point: Point, varied: Sequence[str], unread: Mapping[str, Collection[str]]
) -> list[dict[str, Any]]:
    images = record(files.models(point)).get("images", {})
    spent = {"method": costs(files.models(point)), "baseline": costs(files.baseline(point))}
    took, nothing = seconds(files, point), dict.fromkeys(COSTS)
    rows = []
    for row in scores(files, point)[["method", "role", "metric", "value", "low", "high"]].to_dict("records"):
        role = str(row["role"])
        idle = unread.get(role, ())
        known: dict[str, Any] = {"pipeline": point.pipeline}
        known |= {name: "" if name in idle else point.columns.get(name, "") for name in varied}
        known |= {"labeled": images.get("labeled"), "seed": point.seed, "run": point.name}
        rows.append({**known, **{str(key): value for key, value in row.items()}, "seconds": took})
        rows[-1] |= spent.get(role, nothing)
    return rows


def configurations_table(points: Table) -> Table:
    """Mean and spread over the seeds.

    Args:
        points: As from `points_table`.

    Returns:
        Its columns without those of single runs, and `mean`, `sd` (standard deviation over the seeds, none for one
        seed), `seeds` (how many), `seconds` and `COSTS` (mean of a run). What several runs of a seed have in common,
        such as a baseline that the sweep changes nothing of, counts once.
    """
    single = {"seed", "run", *SCORES, *COSTS} - {"metric"}
    keys = [column for column in points.columns if column not in single]
    numbers = [name for name in ("seconds", *COSTS) if name not in OF_NETWORK]
    alike = {name: (name, "mean") for name in numbers} | {name: (name, "first") for name in OF_NETWORK}
    by_seed = points.groupby([*keys, "seed"], sort=False, dropna=False).agg(value=("value", "mean"), **alike)
    groups = by_seed.reset_index().groupby(keys, sort=False, dropna=False)
    means = groups.agg(mean=("value", "mean"), sd=("value", "std"), seeds=("seed", "nunique"), **alike)
    return means.reset_index()


def title_of(row: Mapping[Any, Any], varied: Sequence[str]) -> str:
    """A configuration in words, without its label budget: `fixmatch, fixmatch.algorithm.confidence 0.8`."""
    values = [f"{name} {row[name]}" for name in varied if name != BUDGET and row[name] != ""]
    return ", ".join([str(row["pipeline" if row["role"] == "method" else "method"]), *values])


def draw_curves(points: Table, varied: Sequence[str]) -> Figure | None:
    """Draw the scores over the label budgets; None where there are not two of them."""
    from nevus.metrics.titles import title
    from nevus.plots.label_budgets import label_budgets

    if points["labeled"].nunique() < 2:
        return None
    rows = points[points["metric"].isin(SHOWN)].copy()
    others = rows["role"].isin(["baseline", "floor"]) & ~rows["method"].isin(set(rows["pipeline"]))
    rows["series"] = [title_of(row, varied) for row in rows.to_dict("records")]
    return label_budgets(rows[(rows["role"] == "method") | others], {name: title(name).heading for name in SHOWN})


def screen_rows(table: Table, varied: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """Headings and cells of the table at the end of a sweep, a row a configuration.

    Args:
        table: As from `configurations_table`.
        varied: Names of the parameters that the sweep varies.
    """
    from nevus.metrics.titles import title
    from nevus.sweep.points import short

    rows = table[(table["role"] == "method") & table["metric"].isin(SHOWN)]
    names = ["pipeline", *varied, "labeled"]
    cells: dict[tuple[str, ...], dict[str, str]] = {}
    for row in rows.to_dict("records"):
        cell = cells.setdefault(tuple(str(row[name]) for name in names), {})
        spread = "" if row["seeds"] < 2 else f" ± {row['sd']:.3f}"
        cell |= {str(row["metric"]): f"{row['mean']:.3f}{spread}", "seeds": str(row["seeds"])}
        cell |= {name: shown_cost(name, row[name]) for name in COSTS}
    labels = short(varied)
    header = ["", *(labels[name] for name in varied), "Labels", *(title(name).heading for name in SHOWN), "Seeds"]
    shown = [*SHOWN, "seeds", *COSTS]
    return [*header, *COST_HEADINGS], [[*key, *(cell.get(name, "") for name in shown)] for key, cell in cells.items()]


def shown_cost(name: str, value: Any) -> str:
    """A cost as the screen has it; empty where it is not known."""
    import pandas as pd

    if pd.isna(value):
        return ""
    if name == "flops":
        return f"{value / 1e9:.3g}"
    return f"{value:.1f}" if name == "training_seconds" and value < 10 else f"{value:,.0f}"
