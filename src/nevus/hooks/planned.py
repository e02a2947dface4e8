"""Which MLflow runs one `kedro run` makes: one a method that it touches, the baseline's nested in its method's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nevus.hooks.nested import look_up

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline

MARKS = ("predictions", "classifier", "history", "metrics")  # who has one of these datasets is a method
MODELS = ("classifier", "generator")  # what a training makes; one node makes both where there are both
BASELINE = "baseline"  # last part of a baseline's namespace
NO_METHOD = ""


@dataclass(frozen=True)
class PlannedRun:
    """One MLflow run.

    Attributes:
        namespace: Of the datasets that belong to it; "" for a pipeline without a method, where all do.
        parent: Namespace of the run that it is nested in, or None.
        trains: Whether its classifier, or its generator where it has none, is made by this pipeline, rather than read.
        group: Path of its own block of parameters, such as `ssgan` or `ladder.gan`; None where this pipeline does not
            say.
    """

    namespace: str
    parent: str | None = None
    trains: bool = False
    group: str | None = None


def planned_runs(pipeline: Pipeline, parameters: Mapping[str, Any]) -> list[PlannedRun]:
    """The runs of a pipeline, each after the one that it is nested in; always at least one.

    Args:
        pipeline: With the namespaces of the methods in front of its datasets.
        parameters: The project's parameters by group.
    """
    outputs, every = pipeline.all_outputs(), pipeline.datasets()
    methods = {namespace_of(name) for name in every if name.rpartition(".")[2] in MARKS} - {NO_METHOD}
    touched = methods & {namespace_of(name) for name in outputs}
    nested = {name: owner(name.rpartition(".")[0], touched) for name in methods}
    kept = sorted(name for name in methods if name in touched or nested[name] is not None)
    runs = []
    for name in kept:
        trains = any(f"{name}.{model}" in outputs for model in MODELS)
        group = _own_group(pipeline, name, parameters) if trains else None
        runs.append(PlannedRun(name, nested[name], trains, group))
    return runs or [PlannedRun(NO_METHOD)]


def owner(name: str, namespaces: Iterable[str]) -> str | None:
    """The longest of some namespaces that a namespace is or lies in, or None: `ssgan` for `ssgan.unrelated`."""
    found = [space for space in namespaces if name == space or name.startswith(f"{space}.") or space == NO_METHOD]
    return max(found, key=len, default=None)


def namespace_of(name: str) -> str:
    """`ssgan.baseline` for the dataset `ssgan.baseline.history`; "" for one without a namespace."""
    return name.partition("@")[0].rpartition(".")[0]


def _own_group(pipeline: Pipeline, namespace: str, parameters: Mapping[str, Any]) -> str | None:
    """The block that the training node reads, where it reads but one, or one named like the method."""
    models = {f"{namespace}.{model}" for model in MODELS}
    (node,) = (node for node in pipeline.nodes if not models.isdisjoint(node.outputs))
    names = [name.removeprefix("params:") for name in node.inputs if name.startswith("params:")]
    blocks = {name for name in names if is_block(look_up(parameters, tuple(name.split("."))))}
    last = namespace.rpartition(".")[2]
    return last if last in blocks else blocks.pop() if len(blocks) == 1 else None


def is_block(value: Any) -> bool:
    """Whether a parameter holds further parameters, rather than a plain value."""
    return isinstance(value, Mapping) or hasattr(value, "model_dump") or hasattr(value, "__dataclass_fields__")
