"""How often a test split has been scored, and by whom.

A test split is its images with their labels: the same images packed at another size, or beside fewer training labels,
are the same test split, though the corpus has another fingerprint. What counts is a run with its predictions. The same
predictions scored again, such as by `--tags=reporting`, tell nobody anything new and count once; the same run trained
anew gives other predictions and counts again. A baseline counts as a run of its own, the floors do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nevus.contracts import LEDGER_COLUMNS, Table

SHOWN = 10  # runs on a page, those scored last


def entry_of(tables: Mapping[str, Table], corpus: str) -> Table:
    """What a node that scores hands to the ledger.

    Args:
        tables: Test rows of the predictions, by the name of the run, from `metrics.predictions.scored_rows`.
        corpus: Fingerprint of the corpus, where it is known.

    Returns:
        A row a run, columns as in `LEDGER_COLUMNS` but for the time, which the dataset adds.
    """
    import pandas as pd

    rows = [(test_of(table), len(table), corpus, run, _said(table)) for run, table in tables.items()]
    return pd.DataFrame(rows, columns=list(LEDGER_COLUMNS[:-1]))


def test_of(rows: Table) -> str:
    """Fingerprint of a test split: the ids and labels of its images, in whatever order.

    Args:
        rows: From `metrics.predictions.scored_rows`.
    """
    from nevus.corpus.fingerprint import fingerprint

    images = rows[["image_id", "label"]].sort_values("image_id")
    return fingerprint("test split", images.to_json(orient="values"))


def scorings(ledger: Table, rows: Table) -> list[dict[str, Any]]:
    """The runs that have scored a test split, the latest first: `run`, `times`, and the days `first` and `last`.

    Args:
        ledger: Columns as in `LEDGER_COLUMNS`.
        rows: Of the test split, from `metrics.predictions.scored_rows`.
    """
    own = ledger[ledger["test"] == test_of(rows)].sort_values("scored_at", kind="stable")
    times = own.drop_duplicates(["run", "predictions"]).groupby("run")["scored_at"].agg(["size", "min", "max"])
    latest = times.sort_values("max", ascending=False, kind="stable")
    return [
        {"run": run, "times": int(count), "first": first[:10], "last": last[:10]}
        for run, count, first, last in latest.itertuples()
    ]


def count_in_words(runs: list[dict[str, Any]]) -> str:
    """Say how often a test split has been scored, from `scorings`."""
    if not runs:
        return "How often this test split has been scored is not known: no ledger of it is kept here."
    times, number = sum(one["times"] for one in runs), len(runs)
    often = "once" if times == 1 else f"{times:,} times"
    return f"This test split has been scored {often}, by {number:,} run{'s' if number > 1 else ''}."


def on_a_page(ledger: Table, rows: Table) -> dict[str, Any]:
    """What `ledger.html.j2` shows: `count`, the `runs` scored last, and how many `more` there are."""
    runs = scorings(ledger, rows)
    return {"count": count_in_words(runs), "runs": runs[:SHOWN], "more": max(0, len(runs) - SHOWN)}


def _said(rows: Table) -> str:
    """Fingerprint of predictions, to ten digits."""
    from nevus.corpus.fingerprint import fingerprint
    from nevus.metrics.predictions import probabilities_of

    ordered = rows.sort_values("image_id")
    return fingerprint("predictions", probabilities_of(ordered).round(10).tolist())
