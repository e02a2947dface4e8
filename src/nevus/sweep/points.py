"""The points of a sweep: which runs it is made of, and what they are called."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from nevus.configuration import run_folder
from nevus.contracts import NevusError
from nevus.hooks.nested import merged

BUDGET = "splits.label_budget"
COMPARISON = "cross_validation"  # the pipeline, and the group of its parameters
METHODS_COMPARED = f"{COMPARISON}.methods"
NAMES = {"seed": "--seeds", "variant": "--params"}  # what names a run is no axis of a grid
INVALID = re.compile(r"[^A-Za-z0-9_.-]+")
LONGEST = 64  # of a variant; see nevus.hooks.parameters
DIGITS = 6  # of the hash in a name that is cut


@dataclass(frozen=True)
class Setting:
    """A parameter with a value.

    Attributes:
        name: Its path, with dots.
        text: The value as `--params` takes it.
        value: The value as it is read.
        shown: The value in names and tables.
    """

    name: str
    text: str
    value: Any
    shown: str


@dataclass(frozen=True)
class Axis:
    """A parameter with all values that the sweep gives it.

    Attributes:
        name: Of the parameter.
        settings: One a value.
        option: Of the command, that gives it.
    """

    name: str
    settings: tuple[Setting, ...]
    option: str = "--grid"


@dataclass(frozen=True)
class Point:
    """One run of a sweep.

    Attributes:
        pipeline: The method.
        seed: Of the run.
        variant: Of the run; None where nothing is varied.
        fixed: Parameters that all points have.
        varied: Those that set this point apart.
    """

    pipeline: str
    seed: int
    variant: str | None
    fixed: tuple[Setting, ...]
    varied: tuple[Setting, ...]

    @property
    def name(self) -> str:
        """Of the run, such as `fixmatch-confidence_0.8/seed0`; that of its folders too."""
        return f"{self.pipeline}{self.folder}"

    @property
    def folder(self) -> str:
        """What stands behind the name of the pipeline in paths."""
        return run_folder(self.variant, self.seed)

    @property
    def given(self) -> dict[str, Any]:
        """Nested parameters, as `kedro run` is given them."""
        names = {"seed": self.seed} | ({} if self.variant is None else {"variant": self.variant})
        return nested([*self.fixed, *self.varied]) | names

    @property
    def arguments(self) -> list[str]:
        """The options of `kedro run` that make this point."""
        texts = [f"{one.name}={one.text}" for one in (*self.fixed, *self.varied)]
        texts += [f"seed={self.seed}"] + ([] if self.variant is None else [f"variant={self.variant}"])
        return [f"--pipeline={self.pipeline}", *(word for text in texts for word in ("--params", text))]

    @property
    def columns(self) -> dict[str, str]:
        """What was varied, by the name of the parameter."""
        return {one.name: one.shown for one in self.varied}


def nested(settings: Sequence[Setting]) -> dict[str, Any]:
    """Put parameters with dotted names into blocks; a later one replaces an earlier one."""
    found: dict[str, Any] = {}
    for one in settings:
        block: Any = one.value
        for key in reversed(one.name.split(".")):
            block = {key: block}
        found = merged(found, block)
    return found


def points_of(
    pipelines: Sequence[str],
    seeds: Sequence[int],
    axes: Sequence[Axis],
    fixed: Sequence[Setting],
    unread: Mapping[str, Collection[str]],
    variant: str | None,
) -> list[Point]:
    """List the runs of a sweep: all of one seed before those of the next, so that a stopped sweep has whole rows.

    Args:
        pipelines: Methods.
        seeds: Of the runs.
        axes: What is varied; all combinations are taken.
        fixed: What all runs have.
        unread: Names of the parameters that a pipeline does not read, and is not given therefore.
        variant: Of all runs; what is varied is added.

    Raises:
        NevusError: Two points have one name.
    """
    points = [
        Point(
            pipeline,
            seed,
            variant_of(variant, varied),
            tuple(one for one in fixed if one.name not in unread[pipeline]),
            varied,
        )
        for seed in seeds
        for pipeline in pipelines
        for varied in product(*(axis.settings for axis in axes if axis.name not in unread[pipeline]))
    ]
    by_name: dict[str, Point] = {}
    for point in points:
        other = by_name.setdefault(point.name.casefold(), point)  # some disks do not tell A from a
        if other is not point:
            raise NevusError(
                f"two points would be the run {point.name}: {_said(other)} and {_said(point)}. Give every pipeline, "
                "seed and value once, and values that differ in more than signs."
            )
    return points


def variant_of(base: str | None, varied: Sequence[Setting]) -> str | None:
    """Name what sets a point apart, such as `budget_20-confidence_0.8`.

    Args:
        base: Put in front.
        varied: Each gives the end of its name that no other one has, and its value. What is not allowed in the name of
            a folder becomes a hyphen; what is too long is cut, with a hash of the whole.
    """
    labels = short([one.name for one in varied])
    parts = [base or "", *(f"{labels[one.name]}_{_valid(one.shown)}" for one in varied)]
    return shortened("-".join(filter(None, parts)), LONGEST) or None


def shortened(text: str, longest: int) -> str:
    """A text; cut where it is longer than it may be, with a hash of the whole."""
    if len(text) <= longest:
        return text
    code = hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
    return f"{text[: longest - DIGITS - 1].rstrip('-_.')}-{code}"


def short(names: Sequence[str]) -> dict[str, str]:
    """The shortest end of each dotted name that no other one has; the label budget is called so."""
    found = {}
    for name in names:
        keys = name.split(".")
        ends = [".".join(keys[start:]) for start in range(len(keys) - 1, -1, -1)]
        others = [other for other in names if other != name]
        alone = (end for end in ends if not any(f".{other}".endswith(f".{end}") for other in others))
        found[name] = "budget" if name == BUDGET else next(alone, name)
    return found


def _valid(text: str) -> str:
    return INVALID.sub("-", text).strip("-") or "none"


def _said(point: Point) -> str:
    values = [f"{name}={value}" for name, value in point.columns.items()]
    return ", ".join([point.pipeline, f"seed {point.seed}", *values])
