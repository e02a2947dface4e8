"""The leaderboard as a page, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nevus.contracts import Table
from nevus.metrics.titles import title
from nevus.pipelines.leaderboard import wording
from nevus.pipelines.leaderboard.params import LeaderboardParams
from nevus.pipelines.leaderboard.ranking import of_data_sets
from nevus.pipelines.leaderboard.runs import COSTS, DATA, FLOOR
from nevus.pipelines.reporting.wording import UNDECIDED, display, p_value, signed

ROLES = {"method": "", "part": "part of a run", "baseline": "baseline", "floor": "floor"}
TERMS = {"one": "the class looked for", "other": "the others", "mean": "", "likeliest": ""}
Pairs = Mapping[tuple[str, ...], Mapping[str, Mapping[Any, Any]]]


def data_sets(leaderboard: Table, pairs: Table, options: LeaderboardParams) -> list[dict[str, Any]]:
    """What the page shows of each data set: `name`, `rows` and `notes`."""
    found: dict[tuple[str, ...], dict[str, Mapping[Any, Any]]] = {}
    for pair in pairs.to_dict("records"):
        found.setdefault(tuple(pair[name] for name in (*DATA, "method", "role")), {})[str(pair["other"])] = pair
    shown = []
    for _, rows in of_data_sets(leaderboard):
        records = rows.to_dict("records")
        rivals = [_first(records, floor=False), _first(records, floor=True)]
        parts = [_row(record, found, rivals, options) for record in records]
        notes = [(wording.method_of(record), note) for record in records if (note := _note(record))]
        shown.append({"name": wording.name_of_data(records[0]), "rows": parts, "notes": notes})
    return shown


def explained(options: LeaderboardParams) -> list[tuple[str, str]]:
    """The metrics that are shown, with their meaning where one is known."""
    words = [title(name) for name in options.shown]
    return [(one.heading, one.meaning.format_map(TERMS)) for one in words if one.meaning]


def _first(records: list[dict[Any, Any]], *, floor: bool) -> str:
    """The best method, or the best floor; "" where there is none."""
    return next((str(one["method"]) for one in records if (one["role"] == FLOOR) == floor), "")


def _row(record: Mapping[Any, Any], pairs: Pairs, rivals: list[str], options: LeaderboardParams) -> dict[str, Any]:
    own = pairs.get(tuple(record[name] for name in (*DATA, "method", "role")), {})
    costs = [record[name] / (1e6 if name == "flops" else 1) for name in COSTS]
    return {
        "rank": wording.rank_of(record),
        "name": display(str(record["method"])),
        "role": record["role"],
        "shown_role": ROLES[str(record["role"])],
        "seeds": wording.seeds_of(record),
        "score": wording.score_of(record, options.rank_by),
        "range": wording.range_of(record),
        "differences": [_difference(own.get(rival)) for rival in rivals],
        "others": [wording.score_of(record, name) for name in options.shown[1:]],
        "costs": [wording.cost_of(value) for value in costs],
    }


def _difference(pair: Mapping[Any, Any] | None) -> dict[str, str]:
    if pair is None:
        return {"difference": ""}
    standing = str(pair["standing"])
    return {
        "difference": signed(pair),
        "p_value": p_value(pair),
        "seeds": wording.count_words(int(pair["seeds"]), "seed"),
        "standing": "not told apart" if standing == UNDECIDED else standing,
        "mark": "" if standing == UNDECIDED else standing,
    }


def _note(record: Mapping[Any, Any]) -> str:
    """What one should know before believing a row."""
    notes = []
    if isinstance(record["note"], str) and record["note"]:
        notes.append(record["note"])
    if isinstance(record["differs"], str) and record["differs"]:
        notes.append(f"its runs differ in {record['differs']}")
    return "; ".join(notes)
