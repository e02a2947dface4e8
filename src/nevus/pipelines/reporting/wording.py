"""Numbers in words, for the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from nevus.contracts import Table
from nevus.metrics.titles import title as title_of
from nevus.pipelines.reporting.classes import count_classes

NAMES = {"ssgan": "SSGAN", "majority": "majority class", "colour_svm": "colour SVM"}
UNDECIDED = "neither clearly ahead nor clearly behind"
FLOORS = {"majority": "the majority class", "colour_svm": "a support-vector machine on colour statistics"}
FEW = 10  # groups; with fewer, replicates differ by single groups


def display(name: str) -> str:
    """Name a run or floor for readers."""
    method, dash, variant = name.partition("-")
    return NAMES.get(method, method.replace("_", " ")) + dash + variant


def describe_test_set(rows: Table, classes: Sequence[str], seed: int | None) -> str:
    """Count test images, those of each class and lesions, from checked prediction rows, and name the training seed."""
    groups = rows["group_id"].nunique() + int(rows["group_id"].isna().sum())
    known = f"{groups} lesions or patients" if rows["group_id"].notna().any() else "lesion of origin unknown"
    trained = "unknown" if seed is None else seed
    return f"{len(rows)} test images ({count_classes(rows, classes)}, {known}), training seed {trained}"


def few_groups(rows: Table, classes: Sequence[str]) -> list[str]:
    """Warn of classes with so few lesions in the test set that no interval can say what other few would give."""
    own = rows["group_id"].astype("object").where(rows["group_id"].notna(), rows["image_id"])
    counts = own.groupby(rows["label"]).nunique()
    return [
        f"The test set has only {counts.get(label, 0)} of {name} (lesions or patients): what is said of this class, "
        "and its part in every mean, rests on these, and an interval cannot show how little that is."
        for label, name in enumerate(classes)
        if counts.get(label, 0) < FEW
    ]


def ranking_title(rows: Table, metrics: Table, score: str, roles: Mapping[str, str], classes: Sequence[str]) -> str:
    """Say what a figure of ranking compares; `roles` are those of its curves by name, the run's first."""
    run = next(iter(roles))
    if len(classes) == 2:
        others = "baseline and floors" if "baseline" in roles.values() else "the floors"
        title = f"{classes[1].capitalize()} against {classes[0]}: {display(run)} beside {others}"
        return f"{title}\n{len(rows)} test images, {count_classes(rows, classes)}"
    found = metrics[metrics["metric"] == score].set_index("method").loc[run]
    words = title_of(score).heading
    macro = f"macro {words if words.isupper() else words.lower()} {interval(found)}"
    return f"Each class against the rest: {display(run)}\n{len(rows)} test images, {macro}"


def frequency(share: float) -> str:
    """Write how frequent a class is: 0.02 as 2%, 0.005 as 0.5%."""
    return f"{100 * share:.3g}%"


def compared_with(metrics: Table) -> str:
    """Name all that the run is compared with."""
    rows = metrics[metrics["role"] != "method"].drop_duplicates("method")
    names = [
        f"the baseline {display(name)}" if role == "baseline" else FLOORS.get(name, display(name))
        for name, role in zip(rows["method"], rows["role"], strict=True)
    ]
    return " and ".join([", ".join(names[:-1]), *names[-1:]]) if len(names) > 1 else "".join(names)


def parameters_of(record: Mapping[str, Any], options: BaseModel) -> list[tuple[str, str]]:
    """List what a run was trained with, by its record, and scored with: dotted names and values."""
    rest = {name: value for name, value in record.items() if name != "parameters"}
    return flatten({**record.get("parameters", {}), "evaluation": options, **rest})


def flatten(parameters: Any, prefix: str = "") -> list[tuple[str, str]]:
    """List nested parameters as dotted names and values."""
    return list(_flat(parameters, prefix))


def cell(value: Any) -> str:
    """Write one value of a table: floats with three digits, nothing for what is missing."""
    if value is None or value != value:  # NaN is the value that differs from itself
        return ""
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def percent(share: float) -> str:
    """Write a probability with no digit behind the point, but never as certainty."""
    return "over 99%" if share >= 0.995 else f"{share:.0%}"


def interval(row: Any) -> str:
    """Write a score with its interval."""
    return f"{row['value']:.2f} ({range_of(row)})"


def signed(row: Any) -> str:
    """Write a difference with its interval, with signs."""
    value, low, high = (f"{row[name]:+.3f}".replace("-", "\N{MINUS SIGN}") for name in ("difference", "low", "high"))
    return f"{value} ({low} to {high})"


def p_value(row: Any) -> str:
    """Write a p-value with its relation."""
    value = row["p_value"]
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"


def range_of(row: Any) -> str:
    """Write the ends of an interval, where there is one."""
    return "" if row["low"] != row["low"] else f"{row['low']:.2f} to {row['high']:.2f}"


def standing(row: Any, sign: int = 1) -> str:
    """Say where a difference stands, by whether its interval leaves out 0; sign is -1 where lower is better."""
    if row["low"] > 0 or row["high"] < 0:
        return "ahead" if sign * row["difference"] > 0 else "behind"
    return UNDECIDED


def _flat(parameters: Any, prefix: str) -> Iterator[tuple[str, str]]:
    if isinstance(parameters, BaseModel):
        parameters = parameters.model_dump()
    if isinstance(parameters, Mapping):
        for name, value in parameters.items():
            yield from _flat(value, f"{prefix}.{name}" if prefix else str(name))
    else:
        yield prefix, str(parameters)
