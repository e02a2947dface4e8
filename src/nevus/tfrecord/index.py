"""The index beside the shards that nevus wrote: their names and what they hold."""

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from nevus.contracts import Source, SourceError

INDEX = "shards.json"


def index_text(shards: Mapping[str, Mapping[str, Any]], **about: Any) -> str:
    """The index as JSON.

    Args:
        shards: Name of a shard to what is known of it.
        about: What holds for all of them, such as the fingerprint of the corpus.
    """
    return json.dumps({**about, "shards": shards}, indent=2)


def listed_shards(text: str | bytes) -> list[str]:
    """The names that an index lists.

    Raises:
        ValueError: It is no index.
    """
    content = json.loads(text)
    shards = content.get("shards") if isinstance(content, dict) else None
    if not isinstance(shards, dict):
        raise ValueError("it has no object 'shards'")
    return list(shards)


def read_index(source: Source) -> list[str]:
    """The shards that a source's index lists; none where it has no index.

    Raises:
        SourceError: The index cannot be read.
    """
    found = [name for name in source.names() if PurePosixPath(name).name == INDEX]
    listed = []
    for name in found:
        try:
            listed += listed_shards(source.read([name])[0])
        except ValueError as error:
            raise SourceError(f"{name} is no index of shards ({error}). Write the shards again.") from error
    return listed
