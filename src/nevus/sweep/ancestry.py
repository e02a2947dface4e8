"""Which runs of a sweep build on others of it: start from their features, or learn what they predict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from nevus.contracts import NevusError
from nevus.sweep.points import Setting

if TYPE_CHECKING:
    from nevus.sweep.points import Point

# Of each point by its name: the points that it builds on, and the parameters that name them.
Ancestry: TypeAlias = Mapping[str, Mapping[str, str]]


def ancestry_of(points: Sequence[Point], loader: Any) -> Ancestry:
    """Find the points that the parameters of others name, in the order in which they can run.

    Args:
        points: Of the sweep.
        loader: Of the configuration; it is given the parameters of the points in turn.

    Raises:
        NevusError: Some build on one another.
    """
    from nevus.pipelines.finished import fitting

    names = [point.name for point in points]
    without: set[tuple[str, tuple[Setting, ...]]] = set()  # what names no run with one seed names none with another
    found: dict[str, dict[str, str]] = {}
    for point in points:
        found[point.name] = {}
        kind = (point.pipeline, point.varied)
        wanted = [] if kind in without else _wanted(point, loader)
        if not wanted:
            without.add(kind)
        for method, parameter, pattern in wanted:
            found[point.name] |= dict.fromkeys(fitting(names, pattern, method=method), parameter)
    return in_order(found)


def in_order(ancestry: Ancestry) -> Ancestry:
    """The same, each point after those that it builds on.

    Raises:
        NevusError: There is no such order.
    """
    try:
        return {name: ancestry[name] for name in TopologicalSorter(ancestry).static_order()}
    except CycleError as error:
        circle = error.args[1]  # each before the one that builds on it
        said = [f"{two} builds on {one} by {ancestry[two][one]}" for one, two in pairwise(circle)]
        raise NevusError(
            f"no run of these can be the first: {'; '.join(said)}. Name runs in these parameters that do not build on "
            "one another."
        ) from error


def _wanted(point: Point, loader: Any) -> list[tuple[str, str, str]]:
    """Method, parameter, and name or pattern of each run that a point or its baseline names."""
    from pydantic import ValidationError

    from nevus.pipelines.methods import METHODS

    loader.runtime_params = point.given
    parameters = loader["parameters"]
    found = []
    for name in filter(None, (point.pipeline, METHODS[point.pipeline].baseline)):
        try:
            params: Any = METHODS[name].family.params.model_validate(parameters[name])
        except ValidationError:  # a combination of values that the run itself refuses
            continue
        for place, wanted in params.ancestors().items():
            found += [(name, f"{name}.{place}", one) for one in wanted]
    return found
