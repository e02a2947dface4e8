"""Find what a parameter names: a class by the name of its module, imported only when it is asked for.

`algorithm: {name: supervised}` names the class in `nevus.algorithms.supervised`. So there is no list of algorithms, and
nothing heavy is imported to list the pipelines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from nevus.contracts import NevusError

BASE = "base"  # the module with the base class


def names(package: str) -> list[str]:
    """Names of the modules of a package, without that of the base class and those that begin with "_"."""
    found = (module.name for module in iter_modules(import_module(package).__path__))
    return sorted(name for name in found if name != BASE and not name.startswith("_"))


def find(package: str, name: str) -> Any:
    """The class with `Options` that a module defines.

    Args:
        package: Such as "nevus.algorithms".
        name: Of a module in it.

    Raises:
        NevusError: There is no such module, or it defines no such class.
    """
    known = names(package)
    if name not in known:
        raise NevusError(f"there is no '{name}' in {package}. There are: {', '.join(known)}.")
    module = import_module(f"{package}.{name}")
    for value in vars(module).values():
        if isinstance(value, type) and value.__module__ == module.__name__ and hasattr(value, "Options"):
            return value
    raise NevusError(f"{package}.{name} defines no class with `Options`. See docs/how_to/add_a_method.md.")


@dataclass(frozen=True)
class NamedIn:
    """Says in the annotation of a parameter block that its `name` is that of a module in a package.

    Attributes:
        package: Such as "nevus.algorithms".
    """

    package: str

    def model_of(self, block: Any) -> Any:
        """The model that checks a block; None where it names no module."""
        try:
            return find(self.package, str(block.get("name"))).Options if isinstance(block, Mapping) else None
        except NevusError:
            return None


def checked_options(package: str, value: Any) -> Any:
    """A parameter block with a `name`, checked by the model of the class that it names.

    Raises:
        ValueError: There is no such class.
        pydantic.ValidationError: The class refuses its options; pydantic puts the places together.
    """
    if not isinstance(value, Mapping):
        return value
    try:
        options = find(package, str(value.get("name"))).Options
    except NevusError as error:
        raise ValueError(str(error)) from error
    return options.model_validate(dict(value))
