"""A row a run: what it was made on and of, its scores, and what it cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nevus.contracts import Table, TrackedResult
from nevus.pipelines.leaderboard.selection import EXAMPLES, LEFT_OUT_COLUMNS, Entry, differing

DATA = ("experiment", "dataset", "corpus")  # what only runs of one data set have in common
GROUP = (*DATA, "method", "role")
COSTS = ("wall_seconds", "training_seconds", "images_per_second", "parameters", "flops")
FLOOR = "floor"
BUDGET = "splits.label_budget"
PREDICTIONS = "predictions.parquet"
TEXT = (*GROUP, "seed", "run", "run_id", "artifacts", "file", "differs", "format", "budgets_of")
RUN_COLUMNS = (*TEXT, "labeled", *COSTS)


def runs_table(entries: Sequence[Entry], metrics: Sequence[str]) -> Table:
    """A row a run that counts, and a row a floor of each data set.

    Args:
        entries: That count, the newest first.
        metrics: Names of the scores, a column each; NaN where a run has none.

    Returns:
        `RUN_COLUMNS` and the metrics. `labeled` counts the labelled training images; `differs` names the parameters in
        which runs of one method differ; `file` has the predictions, among the artifacts; `format` is that of the
        source; `budgets_of` is the same for corpora that differ in nothing but the label budget.
    """
    import pandas as pd

    groups: dict[tuple[str, ...], list[Entry]] = {}
    for entry in entries:
        groups.setdefault(group_of(entry), []).append(entry)
    differs = {group: ", ".join(differing(members)) for group, members in groups.items()}
    rows = [_row(entry, metrics) | {"differs": differs[group_of(entry)]} for entry in entries]
    floors: dict[tuple[str, ...], dict[str, Any]] = {}
    for entry in entries:
        for row in _floors(entry, metrics):
            floors.setdefault(tuple(row[name] for name in GROUP), row)
    table = pd.DataFrame([*rows, *floors.values()], columns=[*RUN_COLUMNS, *metrics])
    return with_text(table.astype(dict.fromkeys(["labeled", *COSTS, *metrics], "float64")))


def with_text(table: Table) -> Table:
    """The table with text where a CSV file knows none, such as the seed of a floor."""
    return table.assign(**{name: table[name].fillna("").astype(str) for name in TEXT if name in table})


def left_out_table(left_out: Mapping[str, Iterable[str]]) -> Table:
    """A row a reason: `reason`, `runs` (how many) and `examples` (names of some)."""
    import pandas as pd

    rows = []
    for reason, found in left_out.items():
        names = list(found)
        rows.append((reason, len(names), "; ".join(list(dict.fromkeys(names))[:EXAMPLES])))
    rows.sort(key=lambda row: -row[1])
    return pd.DataFrame(rows, columns=list(LEFT_OUT_COLUMNS)).astype({"runs": int})


def group_of(entry: Entry) -> tuple[str, ...]:
    """What the runs have in common whose scores are averaged over seeds."""
    tags = entry.result.tags
    return (entry.result.experiment, tags.get("dataset", ""), tags.get("corpus", ""), entry.method, entry.role)


def _row(entry: Entry, metrics: Sequence[str]) -> dict[str, Any]:
    result = entry.result
    return {
        **dict(zip(GROUP, group_of(entry), strict=True)),
        "seed": entry.seed,
        "run": result.name,
        "run_id": result.run_id,
        "artifacts": result.artifacts,
        "file": PREDICTIONS,
        "format": result.params.get("ingestion.format", ""),
        "budgets_of": _apart_from_budget(result.params),
        "labeled": result.images.get("labeled"),
        **_costs(result, is_whole=entry.role == "method"),
        **{name: result.metrics.get(name) for name in metrics},
    }


def _floors(entry: Entry, metrics: Sequence[str]) -> list[dict[str, Any]]:
    """The floors that were scored beside a run; they know neither its method nor its seed."""
    keys = [key.split("/") for key in entry.result.metrics if key.startswith(f"{FLOOR}/")]
    names = dict.fromkeys(key[1] for key in keys if len(key) == 3)
    scores = entry.result.metrics
    return [
        _row(entry, ())
        | dict.fromkeys(COSTS)
        | {"method": name, "role": FLOOR, "seed": "", "file": f"{name}.parquet", "differs": ""}
        | {metric: scores.get(f"{FLOOR}/{name}/{metric}") for metric in metrics}
        for name in names
    ]


def _apart_from_budget(params: Mapping[str, str]) -> str:
    """A fingerprint of the parameters that made a corpus, but for the label budget."""
    from nevus.corpus.fingerprint import fingerprint

    made_by = {name: value for name, value in params.items() if name.partition(".")[0] in ("ingestion", "splits")}
    made_by.pop(BUDGET, None)
    return fingerprint(made_by)


def _costs(result: TrackedResult, *, is_whole: bool) -> dict[str, float | None]:
    """In seconds, images per second, and operations an image; a run within another has no wall time of its own."""
    tags = result.tags
    wall = (result.ended - result.started) / 1000 if is_whole and result.ended else None
    costs = (
        wall,
        tags.get("training_seconds", result.metrics.get("seconds")),  # older runs have it as a curve alone
        tags.get("training_images_per_second"),
        tags.get("network_parameters"),
        tags.get("network_flops"),
    )
    return {name: _number(value) for name, value in zip(COSTS, costs, strict=True)}


def _number(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        return None
