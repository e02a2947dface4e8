"""What `--params` gives: `name=value` items, of which some are text whatever they look like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import click

PATHS = ("source", "images", "image", "external.predictions")  # of the machine: relative to where the command was given
_TABLE = ("ingestion.table.file", "ingestion.table.source")
TEXTS = ("variant", "model", "inference.model", "explain.model", "external.name", *_TABLE)
NAME = r"[A-Za-z_][\w-]*(?:\.[\w-]+)*"
ITEM = re.compile(rf"\s*({NAME})\s*=(.*)", re.DOTALL)
COMMA = re.compile(rf",(?=\s*{NAME}\s*=)")  # one in a value is followed by no name
ADDRESS = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]+://")
HELP = (
    "Parameters of this run, such as --params source=/path/to/images,ssgan.loop.steps=200. A comma that no `name=` "
    "follows belongs to the value. Paths and names are taken as they are, other values are read as YAML. "
    "May be given more than once."
)


class ParamsOption(click.Option):
    """`--params`, in place of Kedro's, which reads paths as YAML and of several --params only the last."""

    def __init__(self) -> None:
        super().__init__(["--params"], multiple=True, type=click.UNPROCESSED, help=HELP, callback=_parsed)

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """Leave all to the callback: what --config gives is a block, not a sequence of texts."""
        return value


def _parsed(ctx: click.Context, option: click.Parameter, value: Any) -> dict[str, Any]:
    """Turn what was given into nested parameters."""
    try:
        if isinstance(value, Mapping):
            return from_block(value)
        return parse([value] if isinstance(value, str) else value or [])
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, option) from None


def parse(texts: list[str]) -> dict[str, Any]:
    """Read what several --params give.

    Args:
        texts: `name=value` items, separated by commas.

    Returns:
        Nested parameters; a later item replaces an earlier one.

    Raises:
        ValueError: An item has no name, no value where one is needed, or a name below that of a text.
    """
    from omegaconf import OmegaConf

    given = items(texts)
    read = OmegaConf.from_dotlist([f"{name}={value}" for name, value in given if not _is_text(name)])
    for name, value in given:
        if _is_text(name):
            OmegaConf.update(read, name, text_of(name, value))
    return _plain(read)


def items(texts: list[str]) -> list[tuple[str, str]]:
    """Names and values, as texts, of what several --params give.

    Raises:
        ValueError: An item has no name, or a name below that of a text.
    """
    return [_pair(item) for text in texts for item in _items(text)]


def from_block(block: Mapping[str, Any]) -> dict[str, Any]:
    """Take parameters from a file given by --config, where a path named by a number is a number."""
    from omegaconf import OmegaConf

    read = OmegaConf.create(dict(block))
    for name in (*PATHS, *TEXTS):
        if (value := OmegaConf.select(read, name)) is not None:
            OmegaConf.update(read, name, text_of(name, str(value)))
    return _plain(read)


def over(block: Mapping[str, Any] | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Put what the command line gives over the parameters of a file given by --config; Kedro would drop the file's.

    Args:
        block: Of the file, as it was read; None where there is none.
        given: By --params.
    """
    from omegaconf import OmegaConf

    return _plain(OmegaConf.merge(from_block(block or {}), given))


def text_of(name: str, value: str) -> str | None:
    """The value of a parameter that is text; a path made absolute, its `~` expanded.

    Raises:
        ValueError: It is empty, or an address where a path is wanted.
    """
    if not value.strip():
        raise ValueError(f"{name}= is followed by nothing; give a value, or leave {name} out.")
    if name in PATHS:
        return _path_of(name, value)
    return None if value == "null" else value


def _path_of(name: str, value: str) -> str:
    """The path as it is written; without blanks and quotes around it where only so something is there."""
    if ADDRESS.match(value):
        raise ValueError(
            f"{name}={value} is an address, and a path of this machine is wanted. Download what is there and give the "
            f"path to that, without any '{value.partition(':')[0].strip()}://'."
        )
    bare = value.strip().strip("'\"")
    try:
        spelling = next((one for one in (value, value.strip(), bare) if _exists(one)), value)
        return str(Path.cwd() / Path(spelling).expanduser())
    except RuntimeError:
        raise ValueError(f"{name}={value}: there is no home folder for '{Path(value).parts[0]}'.") from None


def _exists(path: str) -> bool:
    try:
        return Path(path).expanduser().exists()
    except (OSError, ValueError, RuntimeError):  # too long for a name, not text of a path, or a user without a home
        return False


def _items(text: str) -> list[str]:
    """Split at the commas that a `name=` follows, save where a path that exists holds one."""
    parts = COMMA.split(text)
    items: list[str] = []
    while parts:
        count = next((count for count in range(len(parts), 1, -1) if _is_path(",".join(parts[:count]))), 1)
        items.append(",".join(parts[:count]))
        parts = parts[count:]
    return [item for item in items if item.strip()]


def _is_path(item: str) -> bool:
    name, _, value = item.partition("=")
    return name.strip() in PATHS and _exists(value)


def _pair(item: str) -> tuple[str, str]:
    found = ITEM.fullmatch(item)
    if found is None:
        raise ValueError(f"'{item}' is not name=value, such as seed=1 or ssgan.loop.steps=200.")
    name = found[1]
    if (above := next((text for text in (*PATHS, *TEXTS) if name.startswith(f"{text}.")), None)) is not None:
        raise ValueError(f"{above} is a text and holds no '{name}'; give {above}={found[2].strip()}.")
    return name, found[2]


def _is_text(name: str) -> bool:
    return name in PATHS or name in TEXTS


def _plain(read: Any) -> dict[str, Any]:
    from omegaconf import OmegaConf

    return cast(dict[str, Any], OmegaConf.to_container(read))
