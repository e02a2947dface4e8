"""Parameters in blocks within blocks, and the path to one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Keys = tuple[str, ...]
MISSING = object()


def look_up(content: Any, path: Keys, default: Any = None) -> Any:
    """What stands at a path of keys, or of positions in a list; the default where nothing does."""
    for key in path:
        if isinstance(content, list) and key.isdigit() and int(key) < len(content):
            content = content[int(key)]
        elif isinstance(content, Mapping) and key in content:
            content = content[key]
        else:
            return default
    return content


def holds(content: Any, path: Keys) -> bool:
    """Whether something stands at a path, be it None."""
    return look_up(content, path, MISSING) is not MISSING


def leaves(parameters: Mapping[str, Any], above: Keys = ()) -> Iterator[Keys]:
    """Paths of all values that are no blocks; an empty block counts as a value."""
    for key, value in parameters.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, (*above, str(key)))
        else:
            yield (*above, str(key))


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """One block with another laid over it; blocks in both are merged, any other value replaces what was there."""
    found = dict(below)
    for key, value in above.items():
        old = found.get(key)
        found[key] = merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return found
