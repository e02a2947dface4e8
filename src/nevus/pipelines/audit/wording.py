"""Tables of the audit in words, for its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel

from nevus.contracts import SPLITS, Table

PLACES = (*SPLITS, "left out")
PIVOTS = {
    "class": ("Classes", "Labels as they are used: a hidden label counts as no label."),
    "diagnosis": ("Diagnoses", "As the source gives them."),
    "source": ("Sources", ""),
    "size": ("Original sizes", "Width x height in pixels, before the images were brought to one size."),
    "missing": ("Missing metadata", "Images for which the source does not know this."),
    "left out": ("Left out, by reason", ""),
}
PROBES = {
    "corners": "The four corners (a sixteenth of the image)",
    "border": "The outermost ring",
    "grey_world_colour": "Colour, the colour of the light taken away",
    "colour": "Colour as it is, for comparison",
}
_ROWS = 12  # of a table of counts; the rest is summed up


class Pivot(NamedTuple):
    """Counts by split: title, note, heads of the columns, and rows of a name and numbers."""

    title: str
    note: str
    columns: list[str]
    rows: list[tuple[str, list[int]]]


class Listed(NamedTuple):
    """A long table with its title."""

    title: str
    table: Table


def describe(counts: Table, ingestion: Any) -> dict[str, Any]:
    """Number of images and groups and the format, for the head of the page."""
    parameters = ingestion.model_dump() if isinstance(ingestion, BaseModel) else ingestion
    everything = counts[counts["aspect"] == "all"]
    reader = str(parameters.get("format", "")) if isinstance(parameters, Mapping) else ""
    used = everything[everything["split"] != "left out"]
    return {"format": reader, "images": int(everything["images"].sum()), "used": int(used["images"].sum())}


def answer(findings: Table) -> dict[str, Any]:
    """How many findings of each level."""
    levels = findings["level"].value_counts()
    return {level: int(levels.get(level, 0)) for level in ("act", "look", "note", "fine")}


def pivots(counts: Table) -> list[Pivot]:
    """Lay the counts out with splits as columns."""
    columns = [place for place in PLACES if place in set(counts["split"])]
    return [
        Pivot(title, note, [*columns, "all"], _rows(counts[counts["aspect"] == aspect], columns))
        for aspect, (title, note) in PIVOTS.items()
        if (counts["aspect"] == aspect).any()
    ]


def probes(shortcuts: Table) -> dict[str, Any] | None:
    """Balanced accuracy (and AUC) of each probe, with positions in percent for its bar; None without a probe."""
    if not len(shortcuts):
        return None
    rows = []
    for (probe, model), found in shortcuts.groupby(["probe", "model"], sort=False):
        records = {str(record["metric"]): record for record in found.to_dict("records")}
        cells = {name: (f"{r['value']:.2f}", f"{r['low']:.2f} to {r['high']:.2f}") for name, r in records.items()}
        ends = {f"{end}_at": 100 * records["balanced_accuracy"][end] for end in ("value", "low", "high", "floor")}
        rows.append({"probe": PROBES.get(str(probe), str(probe)), "model": model, **cells, **ends})
    first = shortcuts.iloc[0]
    majority = shortcuts.loc[shortcuts["metric"] == "accuracy", "floor"].iloc[0]
    guess = shortcuts.loc[shortcuts["metric"] == "balanced_accuracy", "floor"].iloc[0]
    numbers = {"images": int(first["images"]), "groups": int(first["groups"]), "majority": majority, "guess": guess}
    return {"rows": rows, "auc": (shortcuts["metric"] == "auc").any(), **numbers}


def crossing_pairs(pairs: Table) -> Table:
    """Pairs with both images in use, in different splits."""
    return _pair_columns(pairs[pairs["crosses"]])


def other_pairs(pairs: Table) -> Table:
    """All other pairs."""
    return _pair_columns(pairs[~pairs["crosses"]])


def crossing_groups(crossings: Table) -> Table:
    """Groups in several splits."""
    return crossings.rename(columns={"stage": "in the splits", "group_id": "group"}).drop(columns="held_out")


def outlier_rows(outliers: Table) -> Table:
    """Outliers without what the reason repeats."""
    return outliers[["image_id", "split", "score", "reason"]]


def _pair_columns(pairs: Table) -> Table:
    table = pairs[["kind", "image_id", "split", "other_id", "other_split", "correlation"]]
    return table.assign(correlation=table["correlation"].astype(float).round(3))


def _rows(counts: Table, columns: list[str]) -> list[tuple[str, list[int]]]:
    grid = counts.pivot_table(index="value", columns="split", values="images", aggfunc="sum", fill_value=0, sort=False)
    grid = grid.reindex(columns=columns, fill_value=0).astype(int)
    rows = [(str(name), [int(number) for number in row]) for name, row in zip(grid.index, grid.to_numpy(), strict=True)]
    if len(rows) > _ROWS:
        rest = [sum(numbers) for numbers in zip(*(numbers for _, numbers in rows[_ROWS:]), strict=True)]
        rows = [*rows[:_ROWS], (f"{len(rows) - _ROWS} others", rest)]
    return [(name, [*numbers, sum(numbers)]) for name, numbers in rows]
