"""Which tracked runs count, what each is of, and why the others do not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from nevus.contracts import TrackedResult
from nevus.pipelines.leaderboard.params import LeaderboardParams

SEEDED = re.compile(r"(.*?)/seed(\d+)(.*)")
PARENT = "mlflow.parentRunId"
BASELINE = ", baseline of "
LEFT_OUT_COLUMNS = ("reason", "runs", "examples")
EXAMPLES = 3
STATES = {"FAILED": "failed", "KILLED": "killed before it was done", "FINISHED": ""}
GOING_ON = "still going on"
OF_NO_METHOD = "of a pipeline that trains no method"
AGAIN = "scored a finished run on other images"
SUPERSEDED = "repeated later under the same name"
NO_CORPUS = "without the fingerprint of a corpus"
NOT_ASKED = "not among reporting.methods and reporting.datasets"


class Entry(NamedTuple):
    """A run that counts.

    Attributes:
        result: As tracked.
        method: Its name without the seed, such as `ssgan-wide` or `labeled_only, baseline of ssgan`.
        role: "method", "baseline", or "part", such as a rung of a ladder.
        seed: Of the training; "" where it is not known.
    """

    result: TrackedResult
    method: str
    role: str
    seed: str


def select(results: Iterable[TrackedResult], options: LeaderboardParams) -> tuple[list[Entry], dict[str, list[str]]]:
    """Part the runs into those that count and the others.

    Args:
        results: The newest first. Of several that share name and corpus the newest that can be ranked counts.
        options: What is asked for.

    Returns:
        Those that count, and the names of the others by the reason.
    """
    counted: dict[tuple[str, ...], Entry] = {}
    left_out: dict[str, list[str]] = {}
    for result in results:
        entry = entry_of(result)
        reason = why_not(entry, options)
        key = (result.experiment, result.name, result.tags.get("corpus", ""))
        if not reason and key in counted:
            reason = SUPERSEDED
        if reason:
            left_out.setdefault(reason, []).append(result.name)
        else:
            counted[key] = entry
    return list(counted.values()), left_out


def entry_of(result: TrackedResult) -> Entry:
    """What a run is of, by its name, which `hooks.headers.run_name` has made."""
    found = SEEDED.fullmatch(result.name)
    method, number = (f"{found[1]}{found[3]}", found[2]) if found else (result.name, "")
    nested = ", " in result.name and PARENT in result.tags
    role = "baseline" if BASELINE in result.name else "part" if nested else "method"
    return Entry(result, method, role, result.tags.get("seed", number))


def why_not(entry: Entry, options: LeaderboardParams) -> str:
    """Why a run does not count; "" where it does, unless there is a newer one of its name."""
    tags, metrics = entry.result.tags, entry.result.metrics
    if "method" not in tags and options.rank_by not in metrics:
        return OF_NO_METHOD
    if state := STATES.get(entry.result.status, GOING_ON):
        return state
    if options.rank_by not in metrics:
        return f"without {options.rank_by}"
    if entry.role == "method" and ", " in entry.result.name:
        return AGAIN
    if not tags.get("corpus"):
        return NO_CORPUS
    asked = _fits(entry.method, options.methods) and _fits(tags.get("dataset", ""), options.datasets)
    return "" if asked else NOT_ASKED


def differing(entries: Sequence[Entry]) -> list[str]:
    """Names of the parameters that differ between runs of one method, other than what names or scores a run."""
    first, *others = [_settings(entry.result.params) for entry in entries]
    return sorted({name for one in others for name in {*first, *one} if first.get(name) != one.get(name)})


def _settings(params: Mapping[str, str]) -> dict[str, str]:
    apart = ("seed", "variant", "source", "evaluation")
    return {name: value for name, value in params.items() if name.partition(".")[0] not in apart}


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
