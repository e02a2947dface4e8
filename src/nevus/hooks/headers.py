"""What an MLflow run starts with: its name, its tags and its parameters."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from typing import Any

from pydantic import BaseModel

from nevus.hooks.nested import look_up
from nevus.hooks.planned import BASELINE, NO_METHOD, PlannedRun, is_block

PARENT_TAG = "mlflow.parentRunId"
NAMED_BY_THE_TRAINING = ("method", "variant", "seed", "network")


@dataclass(frozen=True)
class Header:
    """What a run starts with.

    Attributes:
        name: Shown in the list of runs.
        tags: Method, dataset, seed, code and process.
        params: Flat parameters.
        started: Milliseconds since 1970.
        parent: Key of the run that this one is nested in, or None.
        corpus: Fingerprint of the corpus, once it is known.
        images: Counts of the corpus by split, likewise.
    """

    name: str
    tags: dict[str, str]
    params: dict[str, str]
    started: int
    parent: str | None = None
    corpus: str | None = None
    images: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One `kedro run`.

    Attributes:
        tags: That all its runs share.
        runtime: Parameters given on the command line, nested.
        parameters: The project's parameters by group, validated models or plain values.
        inputs: Names of the pipeline's free inputs; `params:ssgan.steps` brings in the whole group `ssgan`.
        parent: Id of the MLflow run that those which are not nested in one another are nested in, such as a sweep's.
    """

    tags: Mapping[str, str]
    runtime: Mapping[str, Any]
    parameters: Mapping[str, Any]
    inputs: Iterable[str]
    parent: str | None = None


def describe_runs(call: Call, runs: list[PlannedRun], records: Mapping[str, Mapping[str, Any]]) -> dict[str, Header]:
    """Name, tags and parameters of every run.

    A method's own block is logged without its name (`network.width`), so that methods have a column in common. What was
    trained by an earlier call has the parameters of that call.

    Args:
        call: What they have in common.
        runs: As planned, parents first.
        records: `Classifier.record` of the runs that do not train, by namespace; {} where there is none.
    """
    blocks = {run.group.partition(".")[0] for run in runs if run.group}
    groups = [group for group in used_groups(call.inputs, call.parameters) if group in call.parameters]
    shared = {group: call.parameters[group] for group in groups if group not in blocks}
    given = {name: value for name, value in call.runtime.items() if not is_block(value)}
    started = int(time.time() * 1000)
    headers: dict[str, Header] = {}
    for run in runs:
        own = flatten(look_up(call.parameters, tuple(run.group.split(".")))) if run.group else {}
        tags = dict(call.tags)
        if call.parent and run.parent is None:
            tags[PARENT_TAG] = call.parent
        if run.namespace == NO_METHOD:
            tags |= {"seed": str(shared["seed"])} if shared.get("seed") is not None else {}
        else:
            tags |= _tags(run.group or "", call.parameters.get("variant"), call.parameters.get("seed"), own)
        header = Header("", tags, flatten(given) | flatten(shared) | own, started, run.parent)
        headers[run.namespace] = with_record(header, run, records.get(run.namespace) or {})
    return headers


def with_record(header: Header, run: PlannedRun, record: Mapping[str, Any]) -> Header:
    """A header with what is known of a trained classifier; where it is from an earlier call, that call is right."""
    tags, params = header.tags, header.params
    if record:
        method, blocks = str(record.get("method", "")), dict(record.get("parameters") or {})
        own = flatten(blocks.pop(method, {}))
        known = flatten(blocks) | own
        if not run.trains:
            params = {key: value for key, value in params.items() if key.partition(".")[0] not in blocks}
        params = known | params
        tags = {key: value for key, value in tags.items() if key not in NAMED_BY_THE_TRAINING}
        tags |= _tags(method, record.get("variant"), record.get("seed"), own)
        for part in ("network", "training"):  # what it costs
            tags |= {f"{part}_{name}": str(value) for name, value in dict(record.get(part) or {}).items()}
        for place, built_on in dict(record.get("ancestors") or {}).items():
            tags[place] = ", ".join(f"{name}@{digest[:8]}" for name, digest in built_on.items())
        if corpus := record.get("corpus"):
            header = replace(header, corpus=str(corpus), images=dict(record.get("images") or {}))
            tags = tags | {"corpus": str(corpus)}
    name = run_name(run, tags)
    return replace(header, name=name, tags=tags | {"mlflow.runName": name}, params=params)


def run_name(run: PlannedRun, tags: Mapping[str, str]) -> str:
    """`ssgan/seed0`, `supervised, baseline of ssgan/seed0`, or the pipeline's name where there is no method."""
    if run.namespace == NO_METHOD:
        return tags["pipeline"]
    variant = f"-{tags['variant']}" if tags.get("variant") else ""
    seed = f"/seed{tags['seed']}" if "seed" in tags else ""
    method, *parts = run.namespace.split(".")
    shown = f"{method}{variant}{seed}"
    if not parts:
        return shown
    if parts[-1] == BASELINE:
        return f"{tags.get('method') or 'method'}, baseline of {shown}"
    return f"{shown}, {' '.join(parts)}"


def _tags(method: str, variant: Any, seed: Any, own: Mapping[str, str]) -> dict[str, str]:
    network = own.get("network.kind") or own.get("network.architecture")
    tags = {"method": method, "variant": variant, "seed": seed, "network": network}
    return {key: str(value) for key, value in tags.items() if value not in (None, "")}


def used_groups(inputs: Iterable[str], parameters: Mapping[str, Any]) -> list[str]:
    """Top-level parameter groups behind the names of a pipeline's inputs, sorted."""
    names = set(inputs)
    if "parameters" in names:
        return sorted(parameters)
    return sorted({name.removeprefix("params:").partition(".")[0] for name in names if name.startswith("params:")})


def flatten(value: Any, path: str = "") -> dict[str, str]:
    """Nested dictionaries and models as `{"generator.width": "64"}`; an empty one leaves nothing."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    elif is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if not isinstance(value, Mapping):
        return {path: str(value)}
    flat: dict[str, str] = {}
    for key, inner in value.items():
        flat |= flatten(inner, f"{path}.{key}" if path else str(key))
    return flat
