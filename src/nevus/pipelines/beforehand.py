"""What a node wants that can be known before anything runs, said before the images are packed."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from kedro.pipeline import Node

Function = TypeVar("Function", bound=Callable[..., Any])
CHECK = "check_beforehand"
FINISHED = "finished"  # the argument by which a node gets the finished runs, and its check their names


def checked_by(check: Callable[..., None]) -> Callable[[Function], Function]:
    """Give a node function a check that is called before the run.

    Args:
        check: Raises what the node itself would raise. Its arguments are some of the node's: those that are parameters
            or constants, as they are, and the names of the finished runs as `finished`.
    """

    def mark(function: Function) -> Function:
        setattr(function, CHECK, check)
        return function

    return mark


class Wants:
    """What a node has a check for.

    Attributes:
        inputs: Datasets by the arguments of the check; that of `finished` is the one with the finished runs.

    Args:
        node: Of any pipeline.
    """

    def __init__(self, node: Node) -> None:
        self._check: Callable[..., None] | None = getattr(node.func, CHECK, None)
        self.inputs: dict[str, str] = {}
        self._constants: dict[str, Any] = {}
        if self._check is not None:
            arguments = set(inspect.signature(self._check).parameters)
            given = zip(inspect.signature(node.func, follow_wrapped=False).parameters, node.inputs, strict=False)
            self.inputs = {argument: name for argument, name in given if argument in arguments}
            bound = {name: value for layer in layers(node.func) for name, value in layer.items()}
            self._constants = {name: value for name, value in bound.items() if name in arguments}

    def check(self, **values: Any) -> None:
        """Call the check, if there is one.

        Args:
            **values: Of the inputs.

        Raises:
            NevusError: The node would raise it too, but later.
        """
        if self._check is not None:
            self._check(**self._constants, **values)


def layers(function: Any) -> list[dict[str, Any]]:
    """The arguments that a function was given beforehand; what was given last counts, and comes last."""
    return [*layers(function.func), function.keywords] if isinstance(function, partial) else []
