"""Parameters checked before anything runs, with messages that say what to change and where."""

from __future__ import annotations

import difflib
import logging
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from kedro.config import MissingConfigException
from kedro.framework.hooks import hook_impl
from pydantic import BaseModel, RootModel, ValidationError

from nevus.augment.options import CopiesOptions, Policies
from nevus.contracts import NevusError
from nevus.networks.options import Networks
from nevus.pipelines.classifier.params import SharedParams

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext
    from kedro.pipeline import Pipeline
    from omegaconf.errors import InterpolationKeyError
    from pydantic_core import ErrorDetails

logger = logging.getLogger(__name__)

# Given on the command line and read by the catalog, so no node has them as an input.
RUNTIME_GROUPS = frozenset({"source", "seed", "variant"})
# Read by no node, but taken over by other blocks: `network: ${classifier.network}`.
SHARED_GROUPS: dict[str, type[BaseModel]] = {
    "classifier": SharedParams,
    "networks": Networks,
    "policies": Policies,
    "copies": CopiesOptions,
}
LARGEST_SEED = 2**31 - 1
VARIANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")  # part of folder names, on any system
SHOWN = 60


class ParameterHooks:
    """Refuses unknown parameter groups and values of a wrong type."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Check all groups, and the values of the pipelines that were asked for.

        Raises:
            NevusError: A group or a parameter is unknown or missing, or a value is not what it may be.
        """
        from kedro.framework.project import pipelines
        from omegaconf.errors import InterpolationKeyError

        loader = context.config_loader
        given = getattr(loader, "runtime_params", None) or {}
        places = Places(Path(loader.conf_source), [loader.env, getattr(loader, "base_env", None)], given)
        try:
            parameters = loader["parameters"]
        except (KeyError, MissingConfigException):
            return
        except InterpolationKeyError as error:
            raise NevusError(unknown_block(error, places)) from error
        # Kedro may have narrowed the registry to the pipelines of this run; what is known does not depend on them.
        requested = getattr(pipelines, "_requested_pipelines", None)
        pipelines.set_requested(None)
        registered = dict(pipelines)
        pipelines.set_requested(requested)
        check_name(parameters, places)
        check_groups(parameters, known_groups(registered.values()), places)
        names = [name for name in requested or registered if name in registered]
        check_values(parameters, {name: registered[name] for name in names}, places)


class Places:
    """Finds where a parameter was set.

    Args:
        conf: Folder of the configuration.
        environments: Names of its sub-folders, the one that wins first.
        given: Parameters of the command line, nested.
    """

    def __init__(self, conf: Path, environments: Iterable[str | None], given: Mapping[str, Any]) -> None:
        self._conf = conf
        self._environments = [name for name in environments if name]
        self._given = given

    def find(self, path: tuple[str, ...]) -> str:
        """Where the parameter at this path was set, or the nearest of its parents: a file, or --params."""
        if (place := self._set(path)) is not None:
            return place
        if (other := self._taken_over(path)) is not None:
            return self.find(other)
        places = (self._set(path[:length]) for length in range(len(path) - 1, 0, -1))
        return next((place for place in places if place), f"{self._conf.name}/base/parameters/{path[0]}.yml")

    def _set(self, path: tuple[str, ...]) -> str | None:
        """Where just this path was set."""
        if _holds(self._given, path):
            return "--params"
        holding = (file for file, content in self._files() if _holds(content, path))
        return next((f"{self._conf.name}/{file.relative_to(self._conf).as_posix()}" for file in holding), None)

    def _taken_over(self, path: tuple[str, ...]) -> tuple[str, ...] | None:
        """The path that this one is an interpolation of, such as `classifier.loop.steps` for `ssgan.loop.steps`."""
        for content in self._contents():
            for length in range(1, len(path) + 1):
                found = _look_up(content, path[:length])
                if isinstance(found, str) and (other := re.fullmatch(r"\$\{([A-Za-z_][\w.]*)\}", found)):
                    return (*other[1].split("."), *path[length:])
        return None

    def members(self, path: tuple[str, ...]) -> list[str]:
        """Names in the block at this path, wherever they are set, in the order of the files."""
        blocks = (_look_up(content, path) for content in self._contents())
        return list(dict.fromkeys(str(name) for block in blocks if isinstance(block, Mapping) for name in block))

    def _contents(self) -> Iterable[Any]:
        """What sets parameters, the one that wins first."""
        yield self._given
        yield from (content for _, content in self._files())

    def _files(self) -> Iterable[tuple[Path, Any]]:
        import yaml

        for environment in self._environments:
            folder = self._conf / environment
            for file in sorted({*folder.rglob("parameters*.y*ml"), *folder.glob("parameters*/**/*.y*ml")}):
                yield file, yaml.safe_load(file.read_text(encoding="utf-8"))


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


def unknown_block(error: InterpolationKeyError, places: Places) -> str:
    """Say which block was to be taken over, such as `${networks.small_cnn}`, and which there are."""
    found = re.search(r"Interpolation key '(.*?)'", str(error))
    wanted = tuple(found[1].split(".")) if found else ()
    keys = tuple(str(error.full_key).split("."))
    known = places.members(wanted[:-1])
    names = f" Known: {', '.join(known)}." if known else ""
    return (
        f"{'.'.join(keys)}: there is no parameter '{'.'.join(wanted)}'{_meant(wanted[-1] if wanted else '', known)} "
        f"It is set in {places.find(keys)}.{names}"
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
    known = known | RUNTIME_GROUPS | set(SHARED_GROUPS)
    for group in sorted(str(name) for name in parameters):
        if group not in known and not group.startswith("_"):
            raise NevusError(
                f"there is no parameter group '{group}'{_meant(group, known)} No pipeline reads it; it is set in "
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
        if isinstance(expected, type) and issubclass(expected, BaseModel) and _holds(parameters, keys):
            try:
                expected.model_validate(_look_up(parameters, keys))
            except ValidationError as error:
                found = [explain(keys, expected, detail, places) for detail in error.errors()]
                # What is wrong in a shared block is wrong in all blocks that take it over: once is enough.
                said = {text.partition(": ")[2] for text in problems}
                problems += [text for text in found if text.partition(": ")[2] not in said]
    if problems:
        raise NevusError("\n".join(["some parameters are not what they may be:", *(f"  {text}" for text in problems)]))


def explain(keys: tuple[str, ...], model: type[BaseModel], detail: ErrorDetails, places: Places) -> str:
    """One problem on one line: the parameter's path, what was found, what is allowed, and where it was set."""
    location, fields = _follow(model, detail["loc"])
    path = (*keys, *location)
    place = places.find(path)
    name = ".".join(path) if path[-1] != "[key]" else f"a name in {'.'.join(path[:-2])}"
    if detail["type"] == "extra_forbidden":
        names = f" Known: {', '.join(sorted(fields))}." if fields else ""
        return f"{name}: there is no such parameter{_meant(path[-1], fields)} It is set in {place}.{names}"
    if detail["type"] == "missing":
        return f"{name}: missing; set it in {place}."
    if detail["type"] == "union_tag_invalid":
        tag, kinds = detail["ctx"]["tag"], detail["ctx"]["expected_tags"]
        key = str(detail["ctx"]["discriminator"]).strip("'")
        meant = _meant(str(tag), re.findall("'(.*?)'", kinds)).removesuffix(".")
        return f"{name}.{key}: there is no '{tag}'{meant}; it may be {kinds}. It is set in {places.find((*path, key))}."
    found = repr(detail["input"])
    found = found if len(found) <= SHOWN else f"{found[:SHOWN]}…"
    allowed = detail["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f"{name}: {found} ({type(detail['input']).__name__}) {allowed}. It is set in {place}.{_written(detail)}"


def _written(detail: ErrorDetails) -> str:
    """How to write what YAML took for something else, as a sentence; nothing where that is not the matter."""
    if detail["type"] == "string_type" and isinstance(detail["input"], bool):
        return " YAML reads yes, no, on, off, true and false as truth values: put it in quotes."
    if detail["type"] in ("tuple_type", "list_type") and isinstance(detail["input"], str):
        return " Write a list in brackets, such as [a, b]."
    return ""


def _follow(annotation: Any, location: Iterable[int | str]) -> tuple[list[str], set[str]]:
    """A location without the tags of unions, which stand in no file, and the names known where its last part stands."""
    path: list[str] = []
    known: set[str] = set()
    for part in location:
        models, inner = _inside(annotation)
        tagged = [one for one in models if len(models) > 1 and _has_tag(one, part)]
        if tagged:
            annotation = tagged[0]
            continue
        path.append(str(part))
        known = set().union(*(one.model_fields for one in models))
        field = models[0].model_fields.get(str(part)) if len(models) == 1 else None
        annotation = field.annotation if field else inner
    return path, known


def _inside(annotation: Any) -> tuple[list[type[BaseModel]], Any]:
    """The models that an annotation allows, and the annotation of the members of a list or a mapping."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if isinstance(annotation, type) and issubclass(annotation, RootModel):
        return _inside(annotation.model_fields["root"].annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation], None
    arguments = get_args(annotation)
    if get_origin(annotation) in (Union, UnionType):
        parts = [_inside(argument) for argument in arguments]
        return [one for models, _ in parts for one in models], next((inner for _, inner in parts if inner), None)
    if get_origin(annotation) in (tuple, list):
        return [], arguments[0]
    return [], arguments[1] if get_origin(annotation) in (dict, Mapping) else None


def _has_tag(model: type[BaseModel], tag: int | str) -> bool:
    return any(tag in get_args(field.annotation) for field in model.model_fields.values())


def _meant(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f"; did you mean '{close[0]}'?" if close else "."


def _holds(content: Any, path: tuple[str, ...]) -> bool:
    return _look_up(content, path, default=Places) is not Places


def _look_up(content: Any, path: tuple[str, ...], default: Any = None) -> Any:
    for key in path:
        if isinstance(content, list) and key.isdigit() and int(key) < len(content):
            content = content[int(key)]
        elif isinstance(content, Mapping) and key in content:
            content = content[key]
        else:
            return default
    return content
