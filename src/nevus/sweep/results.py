"""What a sweep has found: a row a run and metric, a row a configuration, and curves over the label budgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nevus.sweep.files import Files, scores, seconds
from nevus.sweep.points import BUDGET, Point

if TYPE_CHECKING:
    from nevus.contracts import Figure, Table

POINTS, CONFIGURATIONS, CURVES = "points.csv", "configurations.csv", "label_budgets.png"
SHOWN = ("auc", "accuracy")
SCORES = ("metric", "value", "low", "high", "seconds")  # what is not said of a configuration


def points_table(files: Files, points: Sequence[Point], varied: Sequence[str]) -> Table:
    """A row a run, method and metric.

    Args:
        files: Of the sweep.
        points: Those that are done, at least one.
        varied: Names of the parameters that the sweep varies, a column each.

    Returns:
        `pipeline`, a column a parameter varied (empty where the pipeline does not read it), `labeled` (labelled images
        that train, of all classes), `seed`, `run`, `method`, `role`, `metric`, `value`, `low`, `high`, `seconds`.
    """
    import pandas as pd

    from nevus.io.model import ModelDataset

    tables = []
    for point in points:
        images = ModelDataset(filepath=str(files.models(point) / "model")).record().get("images", {})
        known: dict[str, Any] = {"pipeline": point.pipeline}
        known |= {name: point.columns.get(name, "") for name in varied}
        known |= {"labeled": images.get("labeled"), "seed": point.seed, "run": point.name}
        table = scores(files, point)[["method", "role", "metric", "value", "low", "high"]]
        tables.append(pd.DataFrame(known, index=table.index).join(table).assign(seconds=seconds(files, point)))
    return pd.concat(tables, ignore_index=True)


def configurations_table(points: Table) -> Table:
    """Mean and spread over the seeds.

    Args:
        points: As from `points_table`.

    Returns:
        Its columns without those of single runs, and `mean`, `sd` (standard deviation over the seeds, none for one
        seed), `seeds` (how many), `seconds` (mean of a run).
    """
    single = {"seed", "run", *SCORES} - {"metric"}
    keys = [column for column in points.columns if column not in single]
    groups = points.groupby(keys, sort=False, dropna=False)
    return groups.agg(
        mean=("value", "mean"), sd=("value", "std"), seeds=("seed", "nunique"), seconds=("seconds", "mean")
    ).reset_index()


def title_of(row: Mapping[Any, Any], varied: Sequence[str]) -> str:
    """A configuration in words, without its label budget: `fixmatch, fixmatch.algorithm.confidence 0.8`."""
    values = [f"{name} {row[name]}" for name in varied if name != BUDGET and row[name] != ""]
    return ", ".join([str(row["pipeline"]), *values])


def draw_curves(points: Table, varied: Sequence[str]) -> Figure | None:
    """Draw the scores over the label budgets; None where there are not two of them."""
    from nevus.metrics.titles import title
    from nevus.plots.label_budgets import label_budgets

    if points["labeled"].nunique() < 2:
        return None
    rows = points[points["metric"].isin(SHOWN)].copy()
    swept = set(rows["pipeline"])
    of_method = rows["role"] == "method"
    others = rows["role"].isin(["baseline", "floor"]) & ~rows["method"].isin(swept)
    titles = [title_of(row, varied) for row in rows.to_dict("records")]
    rows["series"] = rows["method"].where(~of_method, titles)
    return label_budgets(rows[of_method | others], {name: title(name).heading for name in SHOWN})


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
        cell["seconds"] = "" if row["seconds"] != row["seconds"] else f"{row['seconds']:.0f}"
    labels = short(varied)
    header = ["", *(labels[name] for name in varied), "Labels", *(title(name).heading for name in SHOWN), "Seeds", "s"]
    shown = [*SHOWN, "seeds", "seconds"]
    return header, [[*key, *(cell.get(name, "") for name in shown)] for key, cell in cells.items()]
