"""Templates and their instances: a pipeline with short names, put under a namespace that goes in front of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial, update_wrapper
from typing import Any

from kedro.pipeline import Pipeline


def instance(
    template: Pipeline,
    namespace: str,
    *,
    keep: set[str] | None = None,
    inputs: Mapping[str, str] | None = None,
    tags: str | list[str] | None = None,
) -> Pipeline:
    """A template under a namespace, which goes in front of all its nodes and datasets but parameters and what is kept.

    Args:
        template: Any pipeline.
        namespace: Such as "ssgan", or "baseline" for a part of another template.
        keep: Free inputs and outputs that stay as they are; those that the template does not have are ignored.
        inputs: Free inputs that are called otherwise outside; likewise.
        tags: Of all its nodes.
    """
    free = template.inputs()
    named = {name: name for name in free & (keep or set())}
    named |= {name: outside for name, outside in (inputs or {}).items() if name in free}
    return Pipeline(
        template,
        namespace=namespace,
        inputs=named,
        outputs=template.outputs() & (keep or set()),
        parameters={name for name in free if name.startswith("params:")},
        tags=tags,
    )


def bind(function: Callable[..., Any], *, params: type[Any] | None = None, **constants: Any) -> Callable[..., Any]:
    """A node function with some arguments given, and the type of `params`, if any, which Kedro checks, made exact."""
    bound = update_wrapper(partial(function, **constants), function)
    bound.__annotations__ = {**function.__annotations__, **({} if params is None else {"params": params})}
    return bound
