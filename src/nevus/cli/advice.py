"""Commands in messages, completed so that they truly make what is missing."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

COMMAND = re.compile(r"`kedro run --pipeline=(\w+)`")  # what names no environment means the one of this run
# A parameter by its place, which is another one where --params gives it.
PLACE = re.compile(r"\b([a-z_]+(?:\.\w+)+) in conf/<env>/parameters\.yml")
LIMITS = ("tags", "node_names", "from_nodes", "to_nodes", "from_inputs", "to_outputs", "namespaces")


def completed(message: str, options: Mapping[str, Any]) -> str:
    """Complete the commands of a message by the environment and the parameters of this run, and name its files.

    A run of a part of a pipeline lacks what its other nodes make, so that the whole of the same pipeline makes it,
    whatever the message names.

    Args:
        message: For the user, with commands such as "`kedro run --pipeline=ingestion`" and files such as
            "conf/<env>/parameters.yml".
        options: Those of `kedro run`, by the names that Kedro gives them.
    """

    def complete(found: re.Match[str]) -> str:
        pipelines = options.get("pipelines")
        whole = pipelines if pipelines and any(options.get(name) for name in LIMITS) else [found[1]]
        return f"`{_command(whole, options)}`"

    given = options.get("params") or {}
    message = PLACE.sub(lambda found: f"{found[1]} in --params" if holds(given, found[1]) else found[0], message)
    return COMMAND.sub(complete, in_environment(message, options.get("env")))


def holds(given: Mapping[str, Any], name: str) -> bool:
    """Whether a parameter of this dotted name, or something below it, was given on the command line."""
    return any(
        one == name or one.startswith(f"{name}.") for one in (text.partition("=")[0] for text in _flat(given, ""))
    )


def in_environment(message: str, env: str | None) -> str:
    """Name the files of a message, such as "conf/<env>/parameters.yml", by the environment of this run."""
    return message.replace("conf/<env>/", f"conf/{env}/") if env else message


def _command(pipelines: list[str], options: Mapping[str, Any]) -> str:
    name = "--pipeline=" if len(pipelines) == 1 else "--pipelines="
    words = ["kedro", "run", name + ",".join(pipelines)]
    if options.get("env"):
        words.append(f"--env={options['env']}")
    if given := ",".join(_flat(_read_by(pipelines, options.get("params") or {}), "")):
        words += ["--params", given]
    return shlex.join(words)


def _read_by(names: list[str], parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """The groups that these pipelines read: others, given to the run that failed, would be refused."""
    from kedro.framework.project import pipelines

    from nevus.hooks.parameters import RUNTIME_GROUPS, SHARED_GROUPS, known_groups
    from nevus.pipelines.methods import METHODS

    pipelines.set_requested(None)  # Kedro knows just those of the run otherwise
    if not all(name in pipelines for name in names):
        return parameters
    read = known_groups(pipelines[name] for name in names)
    if read is None:
        return parameters
    shared = SHARED_GROUPS if read & set(METHODS) else ()  # taken over by the methods' own blocks
    return {name: value for name, value in parameters.items() if name in {*read, *RUNTIME_GROUPS, *shared}}


def _flat(parameters: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for name, value in parameters.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}={_text(value)}"


def _text(value: Any) -> str:
    """As YAML reads it: null, true and lists are spelled otherwise than in Python."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"[{','.join(map(_text, value))}]" if isinstance(value, list | tuple) else str(value)
