"""What is wrong with a parameter, in words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, RootModel

from nevus.hooks.nested import look_up
from nevus.lookup import NamedIn

if TYPE_CHECKING:
    from omegaconf.errors import InterpolationKeyError
    from pydantic_core import ErrorDetails

    from nevus.hooks.places import Places

SHOWN = 60  # characters of a value


def unknown_block(error: InterpolationKeyError, places: Places) -> str:
    """Say which block was to be taken over, such as `${networks.small_cnn}`, and which there are."""
    found = re.search(r"Interpolation key '(.*?)'", str(error))
    wanted = tuple(found[1].split(".")) if found else ()
    keys = tuple(str(error.full_key).split("."))
    known = places.members(wanted[:-1])
    names = f" Known: {', '.join(known)}." if known else ""
    return (
        f"{'.'.join(keys)}: there is no parameter '{'.'.join(wanted)}'{meant(wanted[-1] if wanted else '', known)} "
        f"It is set in {places.find(keys)}.{names}"
    )


def explain(
    keys: tuple[str, ...], model: type[BaseModel], detail: ErrorDetails, places: Places, block: Any = None
) -> str:
    """One problem on one line: the parameter's path, what was found, what is allowed, and where it was set.

    Args:
        keys: Path of the block.
        model: That refused it.
        detail: Of the problem.
        places: Of the configuration.
        block: The block, whose parts may say by a `name` which model they have.
    """
    location, fields = _follow(model, detail["loc"], block)
    path = (*keys, *location)
    place = places.find(path)
    name = ".".join(path) if path[-1] != "[key]" else f"a name in {'.'.join(path[:-2])}"
    if detail["type"] == "extra_forbidden":
        names = f" Known: {', '.join(sorted(fields))}." if fields else ""
        return f"{name}: there is no such parameter{meant(path[-1], fields)} It is set in {place}.{names}"
    if detail["type"] == "missing":
        return f"{name}: missing; set it in {place}."
    if detail["type"] == "union_tag_invalid":
        tag, kinds = detail["ctx"]["tag"], detail["ctx"]["expected_tags"]
        key = str(detail["ctx"]["discriminator"]).strip("'")
        near = meant(str(tag), re.findall("'(.*?)'", kinds))
        return f"{name}.{key}: there is no '{tag}'{near} It may be {kinds}. It is set in {places.find((*path, key))}."
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


def _follow(annotation: Any, location: Iterable[int | str], block: Any) -> tuple[list[str], set[str]]:
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
        annotation, block = field.annotation if field else inner, look_up(block, (str(part),))
        for mark in (one for one in getattr(field, "metadata", ()) if isinstance(one, NamedIn)):
            annotation = mark.model_of(block) or annotation
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


def meant(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown name: the nearest known one, if any is near."""
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f"; did you mean '{close[0]}'?" if close else "."


def unknown_pipeline(name: str) -> str:
    """Say that there is no pipeline of a name, and which there are."""
    from kedro.framework.project import pipelines

    known = sorted(pipelines.keys())
    return f"there is no pipeline '{name}'{meant(name, known)} Pipelines: {', '.join(known)}."
