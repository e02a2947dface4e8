"""Short names for long content: equal parts give equal fingerprints, on any machine and in any process."""

import hashlib
import json
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


def _hash_sources(module: ModuleType) -> list[list[str]]:
    if hasattr(module, "__path__"):
        folders = [Path(folder) for folder in module.__path__]
        files = [(folder, file) for folder in folders for file in sorted(folder.rglob("*.py"))]
    else:
        file = Path(str(module.__file__))
        files = [(file.parent, file)]
    return [[file.relative_to(base).as_posix(), hashlib.sha256(file.read_bytes()).hexdigest()] for base, file in files]
