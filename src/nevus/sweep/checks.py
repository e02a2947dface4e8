"""Everything that can be wrong with a sweep, found before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from nevus.contracts import NevusError
from nevus.hooks.effect import Probe, check_effect
from nevus.hooks.explanations import meant, unknown_pipeline
from nevus.hooks.headers import used_groups
from nevus.hooks.nested import look_up
from nevus.hooks.parameters import check_configuration
from nevus.hooks.planned import BASELINE
from nevus.sweep.points import COMPARISON, NAMES, Axis, Setting, nested

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline

SCORING = (COMPARISON, "splits")  # groups that decide which images score
FLOORS = ("predict_majority", "predict_colour_svm")  # nodes of a method


def registered() -> dict[str, Pipeline]:
    """All pipelines of the project by name."""
    from kedro.framework.project import pipelines

    pipelines.set_requested(None)
    return dict(pipelines)


def check_pipelines(names: Sequence[str]) -> None:
    """Refuse pipelines that do not exist or train nothing.

    Raises:
        NevusError: It names those that may be swept.
    """
    known = registered()
    trained = sorted(name for name in known if f"{name}.checkpoints" in known[name].inputs())
    for name in names:
        if name not in known:
            raise NevusError(unknown_pipeline(name))
        if name not in trained:
            raise NevusError(
                f"the pipeline '{name}' trains nothing of this name{meant(name, trained)} A sweep takes: "
                f"{', '.join(trained)}."
            )


def check_names(axes: Sequence[Axis], fixed: Sequence[Setting]) -> None:
    """Refuse a parameter that is set twice, or that names runs.

    Raises:
        NevusError: It says which option sets it.
    """
    for position, axis in enumerate(axes):
        keys = axis.name.split(".")
        if axis.name in NAMES:
            raise NevusError(
                f"{axis.option} {axis.name}: it names the run, and is no axis; give it by {NAMES[axis.name]}."
            )
        for other in [*(one.name for one in axes[:position]), *(one.name for one in fixed)]:
            others = other.split(".")
            if keys[: len(others)] == others or others[: len(keys)] == keys:
                raise NevusError(
                    f"{axis.name} is set twice: {other} is given by --budgets, --grid, --search or --params as well. "
                    "Leave one of the two out."
                )
    if any(one.name == "seed" for one in fixed):
        raise NevusError("--params gives a seed; give it by --seeds.")


def check_parameters(loader: Any, pipelines: Sequence[str], axes: Sequence[Axis], fixed: Sequence[Setting]) -> None:
    """Refuse what a run would refuse of its parameters: of every value of every axis, though not of every combination.

    Args:
        loader: Of the configuration; afterwards it is given the first value of each axis.
        pipelines: Names.
        axes: What is varied.
        fixed: What all runs have.

    Raises:
        NevusError: A parameter is unknown, wrong, or read by none of the pipelines.
    """
    try:
        for settings in one_at_a_time(axes):
            loader.runtime_params = nested([*fixed, *settings])
            check_configuration(loader, pipelines)
        loader.runtime_params = nested([*fixed, *(axis.settings[0] for axis in axes)])
        check_effect(loader, pipelines)
    except NevusError as error:
        raise NevusError(_of_a_sweep(str(error), axes)) from error


def check_searched(loader: Any, method: str, axes: Sequence[Axis]) -> None:
    """Refuse to search what changes how trials are scored, or nothing of the method.

    Args:
        loader: Of the configuration, with one value of each axis.
        method: That is searched.
        axes: What is chosen.

    Raises:
        NevusError: It names the parameter.
    """
    unread = {".".join(keys) for keys in Probe(loader, loader.env).unread([folds_of(method)])}
    for axis in axes:
        if axis.name.partition(".")[0] in SCORING:
            raise NevusError(
                f"{axis.option} {axis.name}: it changes by which images trials are scored, so their scores could not "
                "be compared. Give it by --params."
            )
        if axis.name in unread:
            raise NevusError(f"{axis.option} {axis.name}: a training of {method} does not read it. Leave it out.")


def folds_of(method: str) -> Pipeline:
    """What the cross-validation does for one method."""
    return registered()[COMPARISON].to_nodes(f"{COMPARISON}.{method}.score_folds")


def one_at_a_time(axes: Sequence[Axis]) -> Iterator[list[Setting]]:
    """The first value of every axis, then each further value beside the first ones of the others."""
    first = [axis.settings[0] for axis in axes]
    yield first
    for position, axis in enumerate(axes):
        for setting in axis.settings[1:]:
            yield [*first[:position], setting, *first[position + 1 :]]


def unread_by(loader: Any, pipelines: Iterable[str]) -> dict[str, set[str]]:
    """Names of the parameters given that each pipeline does not read.

    Args:
        loader: Of the configuration, with one value of each parameter.
        pipelines: Names.
    """
    known = registered()
    if not loader.runtime_params:
        return {name: set() for name in pipelines}
    probe = Probe(loader, loader.env)
    return {name: {".".join(keys) for keys in probe.unread([known[name]])} for name in pipelines}


def unread_beside(loader: Any, pipelines: Iterable[str]) -> dict[str, dict[str, set[str]]]:
    """Names of the parameters given that make no difference to what a method is compared with.

    Args:
        loader: Of the configuration, with one value of each parameter.
        pipelines: Names.

    Returns:
        By pipeline and role, "baseline" or "floor".
    """
    known, probe = registered(), Probe(loader, loader.env)
    found: dict[str, dict[str, set[str]]] = {}
    for name in pipelines:
        scored = used_groups(known[name].filter(node_names=[f"{name}.evaluate"]).inputs(), {})
        made = {"baseline": {f"{name}.{BASELINE}.predict"}, "floor": {f"{name}.{one}" for one in FLOORS}}
        nodes = {node.name for node in known[name].nodes}
        parts = {role: known[name].to_nodes(*makers) for role, makers in made.items() if makers <= nodes}
        found[name] = {
            role: {".".join(keys) for keys in probe.unread([part]) if keys[0] not in scored}
            for role, part in parts.items()
        }
    return found


def most_threads(loader: Any, pipelines: Iterable[str]) -> int:
    """The most threads that the configuration gives to one of the trainings; 1 where it leaves that to the machine."""
    parameters = loader["parameters"]
    found = [look_up(parameters, (name, "loop", "threads")) for name in pipelines]
    return max([1, *(one for one in found if isinstance(one, int))])


def _of_a_sweep(message: str, axes: Sequence[Axis]) -> str:
    """A message of a run, with the option of the sweep that gives what it is about."""
    lines = message.replace("--params gives what this run does not", "what this sweep gives is not").splitlines()
    return "\n".join(_of_an_axis(line, next((axis for axis in axes if axis.name in line), None)) for line in lines)


def _of_an_axis(line: str, axis: Axis | None) -> str:
    return line.replace("set in --params", f"set by {'--params' if axis is None else axis.option}")
