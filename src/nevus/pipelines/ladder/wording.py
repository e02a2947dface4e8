"""The rungs in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nevus.contracts import Table
from nevus.pipelines.reporting.verdict import HEADLINE
from nevus.pipelines.reporting.wording import display, p_value, signed, standing

NAMES = {
    "labels": "labels only",
    "consistency": "+ consistency",
    "gan": "+ GAN",
    "start": "+ self-supervised start",
    "features": "learning these features",
}
IDEAS = {
    "labels": "The network learns from the labelled images alone.",
    "consistency": "Unlabelled images join in: the network shall say the same of two views of one; the running mean "
    "of itself is the teacher.",
    "gan": "The network also tells real images from those of a generator that learns beside it.",
    "start": "All of that again, from features that were learnt from the images without any label.",
}


def title_of(record: Mapping[str, Any]) -> str:
    """Ask the question with the numbers of the data."""
    images = record["images"]
    return f"How far do {images['labeled']:,} labels carry, beside {images['unlabeled']:,} unlabelled images?"


def name_of(rung: str) -> str:
    """Name a rung or floor for readers."""
    return NAMES.get(rung) or display(rung)


def rows_of(metrics: Table, comparison: Table) -> list[dict[str, Any]]:
    """From the floor to the highest rung: `name`, `auc`, `low`, `high`, and `step`, in words what it adds."""
    scores = metrics[metrics["metric"] == HEADLINE].set_index("method")
    steps = comparison[comparison["metric"] == HEADLINE].set_index("rung")
    order = [steps["below"].iloc[0], *steps.index]
    return [
        {
            "name": name_of(name),
            "auc": float(scores.loc[name, "value"]),
            "low": float(scores.loc[name, "low"]),
            "high": float(scores.loc[name, "high"]),
            "step": signed(steps.loc[name]) if name in steps.index else "",
        }
        for name in order
    ]


def steps_of(comparison: Table) -> list[dict[str, str]]:
    """One row a rung: `name`, `idea`, `below`, `difference`, `p_value` and `standing`."""
    rows = comparison[comparison["metric"] == HEADLINE]
    return [
        {
            "name": name_of(row["rung"]),
            "idea": IDEAS.get(row["rung"], ""),
            "below": name_of(row["below"]),
            "difference": signed(row),
            "p_value": p_value(row),
            "standing": standing(row),
        }
        for _, row in rows.iterrows()
    ]


def costs_of(histories: Mapping[str, Table]) -> list[tuple[str, str]]:
    """How long each training took, over all calls that it was continued in."""
    return [(name_of(name), f"{table['seconds'].iloc[-1]:,.0f} s") for name, table in histories.items()]
