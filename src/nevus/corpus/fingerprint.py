"""Short names for long content: equal parts give equal fingerprints, on any machine and in any process."""

import ast
import hashlib
import json
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any


def fingerprint(*parts: Any) -> str:
    """SHA-256 of JSON-able parts.

    Args:
        parts: Numbers, strings, None, lists and dicts of them; the order of a dict's keys does not count.

    Returns:
        64 hexadecimal digits.

    Raises:
        TypeError: A part is nothing that JSON knows.
    """
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def code_fingerprint(*modules: ModuleType) -> str:
    """SHA-256 of source code, so that results of an older version are not taken for those of this one.

    Args:
        modules: Modules, or packages with all modules below them.

    Returns:
        64 hexadecimal digits.
    """
    return fingerprint([[module.__name__, _hash_sources(module)] for module in modules])


def imported_code_fingerprint(*modules: str) -> str:
    """SHA-256 of modules and of all that they import from their own package, as `imported_modules` finds them.

    Args:
        modules: Dotted names.

    Returns:
        64 hexadecimal digits.
    """
    return fingerprint({name: hashlib.sha256(source).hexdigest() for name, source in _sources(modules).items()})


def imported_modules(*modules: str) -> set[str]:
    """Modules and all modules of the same package that they import, directly or not.

    Imports inside functions do not count: they introduce parts to one another, and the parts are named by who asks.

    Args:
        modules: Dotted names.
    """
    return set(_sources(modules))


def _sources(modules: Iterable[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    waiting = sorted(modules)
    while waiting:
        name = waiting.pop()
        spec = None if name in found else find_spec(name)
        if spec is None or spec.origin is None:
            continue
        found[name] = Path(spec.origin).read_bytes()
        waiting += [other for other in _imports(found[name]) if other.partition(".")[0] == name.partition(".")[0]]
    return found


def _imports(source: bytes) -> set[str]:
    """Modules that the top level of a source imports."""
    names: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def _hash_sources(module: ModuleType) -> list[list[str]]:
    if hasattr(module, "__path__"):
        folders = [Path(folder) for folder in module.__path__]
        files = [(folder, file) for folder in folders for file in sorted(folder.rglob("*.py"))]
    else:
        file = Path(str(module.__file__))
        files = [(file.parent, file)]
    return [[file.relative_to(base).as_posix(), hashlib.sha256(file.read_bytes()).hexdigest()] for base, file in files]
