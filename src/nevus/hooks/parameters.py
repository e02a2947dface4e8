"""Parameters checked before anything runs, with messages that say what to change and where."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.config import MissingConfigException
from kedro.framework.hooks import hook_impl
from pydantic import BaseModel, ValidationError

from nevus.augment.options import CopiesOptions, Policies
from nevus.contracts import NevusError
from nevus.hooks.explanations import explain, meant, unknown_block
from nevus.hooks.nested import holds, leaves, look_up
from nevus.hooks.places import Places
from nevus.networks.options import Critics, Generators, Networks
from nevus.pipelines.classifier.params import SharedParams
from nevus.training.options import Loops, Optimizers

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext
    from kedro.pipeline import Pipeline

logger = logging.getLogger(__name__)

# Given on the command line and read by the catalog or by other parameters, so no node has them as an input.
RUNTIME_GROUPS = frozenset({"source", "seed", "variant"})
SCORING_GROUPS = frozenset({"model", "images", "image"})  # likewise, of pipelines that score images
# Read by no node, but taken over by other blocks: `network: ${classifier.network}`.
SHARED_GROUPS: dict[str, type[BaseModel]] = {
    "classifier": SharedParams,
    "networks": Networks,
    "generators": Generators,
    "critics": Critics,
    "optimizers": Optimizers,
    "loops": Loops,
    "policies": Policies,
    "copies": CopiesOptions,
}
LARGEST_SEED = 2**31 - 1
SHOWN = 4  # parameters of a name
VARIANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")  # part of folder names, on any system


class ParameterHooks:
    """Refuses unknown parameter groups and values of a wrong type."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Check all groups, and the values of the pipelines that were asked for.

        Raises:
            NevusError: A group or a parameter is unknown or missing, or a value is not what it may be.
        """
        from kedro.framework.project import pipelines

        check_configuration(context.config_loader, getattr(pipelines, "_requested_pipelines", None))


def check_configuration(loader: Any, requested: Iterable[str] | None) -> None:
    """Check all groups of a configuration, and the values of some pipelines.

    Args:
        loader: Of the configuration.
        requested: Names of the pipelines; None means all.

    Raises:
        NevusError: A group or a parameter is unknown or missing, or a value is not what it may be.
    """
    from kedro.framework.project import pipelines
    from omegaconf.errors import InterpolationKeyError

    given = getattr(loader, "runtime_params", None) or {}
    places = Places(Path(loader.conf_source), [loader.env, getattr(loader, "base_env", None)], given)
    try:
        parameters = loader["parameters"]
    except (KeyError, MissingConfigException):
        return
    except InterpolationKeyError as error:
        raise NevusError(unknown_block(error, places)) from error
    # Kedro may have narrowed the registry to the pipelines of this run; what is known does not depend on them.
    narrowed = getattr(pipelines, "_requested_pipelines", None)
    pipelines.set_requested(None)
    registered = dict(pipelines)
    pipelines.set_requested(narrowed)
    check_name(parameters, places)
    check_groups(parameters, known_groups(registered.values()), places)
    names = [name for name in requested or registered if name in registered]
    check_values(parameters, {name: registered[name] for name in names}, places)


def check_name(parameters: Mapping[str, Any], places: Places) -> None:
    """Refuse a seed or a variant that cannot name a run.

    Raises:
        NevusError: It says what was found and what may stand there.
    """
    seed, variant = parameters.get("seed"), parameters.get("variant")
    if "seed" in parameters and not (type(seed) is int and 0 <= seed <= LARGEST_SEED):
        raise NevusError(
            f"seed: {seed!r} must be a whole number from 0 to {LARGEST_SEED}. It is set in {places.find(('seed',))}."
        )
    if variant is not None and not (isinstance(variant, str) and VARIANT.fullmatch(variant)):
        raise NevusError(
            f"variant: {variant!r} names folders, so it must be text of letters, digits, '-', '_' and '.', at most 64, "
            f"the first a letter or digit, such as wide or width64. It is set in {places.find(('variant',))}."
        )


def known_groups(pipelines: Iterable[Pipeline]) -> set[str] | None:
    """Top-level groups that any pipeline reads; None when one reads them all."""
    inputs = {name for pipeline in pipelines for node in pipeline.nodes for name in node.inputs}
    if "parameters" in inputs:
        return None
    return {name.removeprefix("params:").partition(".")[0] for name in inputs if name.startswith("params:")}


def check_groups(parameters: Mapping[str, Any], known: set[str] | None, places: Places) -> None:
    """Refuse groups that no pipeline reads: a misspelt group would otherwise be ignored in silence.

    Raises:
        NevusError: It names the first unknown group, the closest known one and all of them.
    """
    if known is None:
        return
    known = known | RUNTIME_GROUPS | SCORING_GROUPS | set(SHARED_GROUPS)
    for group in sorted(str(name) for name in parameters):
        if group not in known and not group.startswith("_"):
            deeper = [".".join(path) for path in leaves(parameters) if len(path) > 1 and path[-1] == group]
            there = f" There is {', '.join(deeper[:SHOWN])}{' and others' * (len(deeper) > SHOWN)}." if deeper else ""
            raise NevusError(
                f"there is no parameter group '{group}'{meant(group, known)}{there} No pipeline reads it; it is set in "
                f"{places.find((group,))}. Known groups: {', '.join(sorted(known))}."
            )


def check_values(parameters: Mapping[str, Any], pipelines: dict[str, Pipeline], places: Places) -> None:
    """Refuse values that the nodes' parameter models refuse.

    Raises:
        NevusError: It lists every wrong value with its path, what was found, what is allowed and where it was set.
    """
    from kedro.validation import TypeExtractor

    problems: list[str] = []
    types = TypeExtractor(pipelines).extract_types_from_pipelines()
    for path, expected in [*sorted(SHARED_GROUPS.items()), *sorted(types.items())]:
        keys = tuple(path.split("."))
        if isinstance(expected, type) and issubclass(expected, BaseModel) and holds(parameters, keys):
            block = look_up(parameters, keys)
            try:
                expected.model_validate(block)
            except ValidationError as error:
                found = [explain(keys, expected, detail, places, block) for detail in error.errors()]
                # What is wrong in a shared block is wrong in all blocks that take it over: once is enough.
                said = {text.partition(": ")[2] for text in problems}
                problems += [text for text in found if text.partition(": ")[2] not in said]
    if problems:
        raise NevusError("\n".join(["some parameters are not what they may be:", *(f"  {text}" for text in problems)]))
