"""The index beside the shards that nevus wrote: their names and what they hold."""

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from nevus.contracts import Source, SourceError
from nevus.file_names import is_litter, readable, refusal

INDEX = "shards.json"


class Index(NamedTuple):
    """What an index says.

    Attributes:
        shards: Names of the shards in its folder.
        classes: Names of the classes, a `target` is a position among them; empty where it names none.
    """

    shards: tuple[str, ...]
    classes: tuple[str, ...]


def index_text(shards: Mapping[str, Mapping[str, Any]], **about: Any) -> str:
    """The index as JSON.

    Args:
        shards: Name of a shard to what is known of it.
        about: What holds for all of them, such as the fingerprint of the corpus.
    """
    return json.dumps({**about, "shards": shards}, indent=2)


def parse_index(text: str | bytes) -> Index:
    """What an index says.

    Args:
        text: Of the file; it may be anybody's.

    Raises:
        ValueError: It is no index.
    """
    try:
        content = json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    shards = content.get("shards") if isinstance(content, dict) else None
    if not isinstance(shards, dict):
        raise ValueError("it has no object 'shards'")
    classes = content.get("classes", [])
    if not isinstance(classes, list) or not all(isinstance(name, str) for name in classes):
        raise ValueError("its 'classes' are no list of text")
    return Index(tuple(map(readable, shards)), tuple(map(readable, classes)))


def read_indexes(source: Source) -> Iterator[tuple[str, Index | str]]:
    """Every index of a source.

    Args:
        source: Where they lie; most have one or none.

    Yields:
        Name of the file, and what it says or why it cannot be read.
    """
    for name in source.names():
        if PurePosixPath(name).name != INDEX or is_litter(name) or refusal(name) is not None:
            continue
        try:
            yield name, parse_index(source.read([name])[0])
        except (SourceError, ValueError) as error:
            yield name, readable(str(error))
