"""What a person reads when a run is done: the numbers, and where everything is."""

from __future__ import annotations

import logging
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.hooks import hook_impl

from nevus.contracts import Table
from nevus.hooks.audit_screen import audit_line, audit_screen
from nevus.hooks.datasets import find_dataset, local_path
from nevus.hooks.grids import grid, wide_console
from nevus.metrics.titles import TITLES, WATCHED, in_order
from nevus.metrics.titles import title as title_of

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline
    from kedro.pipeline.node import Node
    from rich.console import Console
    from rich.table import Table as RichTable

    from nevus.hooks.datasets import Catalog
    from nevus.hooks.recorder import Loss
    from nevus.hooks.store import RunStore
    from nevus.hooks.tracking import TrackingHooks

logger = logging.getLogger(__name__)

ROLES = ("method", "ablation", "baseline", "floor")
AUDIT = ("counts", "findings", "shortcuts")  # what the screen of the audit is made of
# Datasets of no method whose place is named.
OF_NO_METHOD = {
    "contact_sheet": "Contact sheet",
    "features": "Features",
    "scored_images": "Predictions",
    "onnx_model": "ONNX",
    "leaderboard_page": "Leaderboard",
    "explain.page": "Explanation",
    "generate.images": "Images",
}
UNLIMITED = 10_000
LOCAL_UI = "http://127.0.0.1:5000"  # of `mlflow ui`
RUNS = "workflowType=machine_learning"
NOTICE = "Research use only: not a medical device, not for diagnosis."


class SummaryHooks:
    """Names the node that runs, and prints the results at the end.

    Args:
        tracking: Knows where the run was recorded; None leaves that line out.
    """

    def __init__(self, tracking: TrackingHooks | None = None) -> None:
        self._tracking = tracking

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Say what is running: a training can take long before Kedro calls it completed."""
        logger.info("Running %s", node.name)

    @hook_impl(trylast=True)  # tracking ends the run first
    def after_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: Catalog) -> None:
        """Print the metrics, or where there are none the audit and the summaries, and where the results are."""
        console = wide_console()
        root = Path(run_params.get("project_path") or ".")
        outputs = sorted(pipeline.all_outputs())
        runs = [name.removesuffix(".metrics") for name in outputs if name.endswith(".metrics")]
        tables = {run: table for run in runs if (table := _load(catalog, f"{run}.metrics")) is not None}
        for run, table in tables.items():
            console.print(fitting_metrics(table, run, console))
        made = {name: _load(catalog, f"audit.{name}") for name in AUDIT if f"audit.{name}" in outputs}
        audit = {name: table for name, table in made.items() if table is not None}
        whole = not tables and len(audit) == len(AUDIT)
        if whole:
            console.print(*audit_screen(**audit), sep="\n")
        hidden = outputs if tables else ["corpus_summary"] if whole else []  # the audit's counts say more
        summaries = [name for name in outputs if name.endswith("summary") and name not in hidden]
        for name in summaries:
            if (summary := _load(catalog, name)) is not None:
                console.print(plain_table(summary, name.replace("_", " ").replace(".", " ").capitalize()))
        lines = [line for run in tables for line in where_results_are(run, outputs, catalog, root)]
        lines += where_audit_is(audit.get("findings"), outputs, catalog, root)
        made_once = {words: _path(name, outputs, catalog, root) for name, words in OF_NO_METHOD.items()}
        lines += [f"{words}: {path}" for words, path in made_once.items() if path]
        shown = bool(tables or summaries or whole or lines)
        place, loss = (self._tracking.place, self._tracking.loss) if self._tracking else (None, None)
        lines += where_run_is(place, root) if shown else []
        lines += what_is_untracked(loss, place)
        for line in [*lines, *([NOTICE] if tables else [])]:
            console.print(line, highlight=False, markup=False, soft_wrap=True)


def fitting_metrics(table: Table, title: str, console: Console) -> RichTable:
    """One row a method; where the console is too narrow for that, one row a metric, of two lines if need be."""
    unlimited = console.options.update(width=UNLIMITED)  # what is measured is never wider than the console otherwise
    layouts = [metrics_table(table, title, transposed=transposed) for transposed in (False, True)]
    for layout in layouts:
        if console.measure(layout, options=unlimited).maximum <= console.width:
            return layout
    return metrics_table(table, title, transposed=True, stacked=True)


def metrics_table(table: Table, title: str, *, transposed: bool, stacked: bool = False) -> RichTable:
    """The metrics watched, of every method with their intervals: the method first, then baselines, then floors.

    Args:
        table: One row a method and metric, columns as in `METRIC_COLUMNS`.
        title: Above the table.
        transposed: Methods as columns instead of rows.
        stacked: Intervals below the values instead of beside them.
    """
    records = table.to_dict("records")
    methods = {str(r["method"]): str(r["role"]) for r in records}
    names = sorted(methods, key=lambda name: ROLES.index(methods[name]) if methods[name] in ROLES else len(ROLES))
    cells = {(str(r["method"]), str(r["metric"])): interval(r["value"], r["low"], r["high"]) for r in records}
    if stacked:
        cells = {key: cell.replace(" [", "\n[") for key, cell in cells.items()}
    found = in_order(str(r["metric"]) for r in records)
    metrics = [name for name in found if name in WATCHED or name not in TITLES]  # the report has them all
    headings = [title_of(metric).heading for metric in metrics]
    if transposed:
        cells_by_metric = [
            [heading, *(cells.get((name, metric), "") for name in names)]
            for heading, metric in zip(headings, metrics, strict=True)
        ]
        return grid(title, ["", *names], cells_by_metric)
    rows = [[name, *(cells.get((name, metric), "") for metric in metrics)] for name in names]
    return grid(title, ["", *headings], rows)


def interval(value: float, low: float, high: float) -> str:
    """`0.81 [0.77, 0.85]`, without the interval where there is none."""
    if math.isnan(value):
        return "-"
    return f"{value:.2f}" if math.isnan(low) or math.isnan(high) else f"{value:.2f} [{low:.2f}, {high:.2f}]"


def plain_table(table: Table, title: str) -> RichTable:
    """Any small table as it is."""
    rows = [[str(value) for value in row] for row in table.itertuples(index=False)]
    return grid(title, [str(column) for column in table.columns], rows)


def where_results_are(run: str, outputs: list[str], catalog: Catalog, root: Path) -> list[str]:
    """Paths of the report, the page of a calibration and the model, as far as this pipeline made them."""
    places = {"Report": f"{run}.report", "Calibration": f"{run}.page", "Model": f"{run}.classifier"}
    if f"{run}.classifier" not in outputs:  # that of a classifier's GAN is a by-product
        places["Generator"] = f"{run}.generator"
    return [f"{what}: {path}" for what, name in places.items() if (path := _path(name, outputs, catalog, root))]


def where_audit_is(findings: Table | None, outputs: list[str], catalog: Catalog, root: Path) -> list[str]:
    """What the audit found, in one line, and where its page is, if this pipeline made it."""
    page = _path("audit.page", outputs, catalog, root)
    said = audit_line(findings) if findings is not None else "Audit" if page else ""
    return [": ".join(filter(None, (said, page)))] if said else []


def where_run_is(place: RunStore | None, root: Path) -> list[str]:
    """How to see the run in MLflow: where the user interface has to be started first, by which command.

    MLflow 3 opens an experiment on its overview for GenAI applications, whatever the experiment is; only the link says
    otherwise.
    """
    if place is None:
        return []
    uri = place.target.uri
    remote = uri.startswith(("http://", "https://"))
    experiment = f"{uri.rstrip('/') if remote else LOCAL_UI}/#/experiments/{place.experiment_id}"
    links = [f"  all runs: {experiment}?{RUNS}", f"  this run: {experiment}/runs/{place.run_id}?{RUNS}"]
    if remote:
        return ["MLflow:", *links]
    bare = uri == f"sqlite:///{root / 'mlflow.db'}"
    command = "mlflow ui" if bare else f"mlflow ui --backend-store-uri {uri}"
    return [f"MLflow: {command}", *links]


def what_is_untracked(loss: Loss | None, place: RunStore | None) -> list[str]:
    """That a run is not where it should be, why, and by which command it gets there."""
    if loss is None:
        return []
    said = f"MLflow: this run is not tracked{'' if place is None else f' in {loss.uri}'}. {loss.cause}"
    if loss.command is None:
        return [said, "  Its results are saved, its record for MLflow is not."]
    return [said, "  Its results are saved. Once that is mended, this tracks it:", f"    {loss.command}"]


def _load(catalog: Catalog, name: str) -> Table | None:
    dataset = find_dataset(catalog, name)
    try:
        return None if dataset is None else dataset.load()
    except Exception as error:  # the run is done and saved; only its summary is not
        logger.warning("No summary of '%s': %s", name, error)
        return None


def _path(name: str, outputs: list[str], catalog: Catalog, root: Path) -> str | None:
    dataset = find_dataset(catalog, name) if name in outputs else None
    try:
        return None if dataset is None else _short(local_path(dataset), root)
    except (ValueError, FileNotFoundError):
        return None


def _short(path: Path, root: Path) -> str:
    return os.path.relpath(path, root) if path.is_relative_to(root) else str(path)
