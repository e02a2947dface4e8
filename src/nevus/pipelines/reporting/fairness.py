"""What a method and its baseline must have in common, so that the comparison is one of methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nevus.pipelines.reporting.runs import name_of
from nevus.pipelines.reporting.wording import display, flatten

EQUAL = ("network", "copies", "augment", "loss", "optimizer", "loop", "average_d4")  # of the parameters of each method
CORPUS = ("ingestion", "splits")
_ABSENT = "nothing"


def unequal(record: Mapping[str, Any], baseline: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """List what differs although it should not.

    Args:
        record: Of the method's classifier.
        baseline: Of the baseline's.

    Returns:
        Dotted name, value of the method, value of the baseline.
    """
    own, others = _shared(record), _shared(baseline)
    names = dict.fromkeys([*own, *others])
    pairs = [(name, own.get(name, _ABSENT), others.get(name, _ABSENT)) for name in names]
    return [(name, value, other) for name, value, other in pairs if value != other]


def fairness_notice(record: Mapping[str, Any], baseline: Mapping[str, Any]) -> list[str]:
    """Say what differs although it should not, in one sentence, or in none where nothing does."""
    differing = unequal(record, baseline)
    if not differing:
        return []
    run, against = display(name_of(record)), display(str(baseline["method"]))
    values = "; ".join(f"{name} ({value} for {run}, {other} for {against})" for name, value, other in differing)
    return [
        f"The baseline was not trained as {run} was, so a difference in the scores may come from what differs here: "
        f"{values}."
    ]


def _shared(record: Mapping[str, Any]) -> dict[str, str]:
    parameters = record.get("parameters", {})
    method = parameters.get(record["method"], {})
    kept: dict[str, Any] = {name: method[name] for name in EQUAL if name in method}
    kept |= {name: parameters[name] for name in CORPUS if name in parameters}
    kept |= {name: record[name] for name in ("seed", "corpus") if name in record}
    return dict(flatten(kept))
