"""The page `docs/reference/nodes.md`: what every node reads, writes and is for."""

import inspect
from collections.abc import Iterable, Mapping

from kedro.pipeline import Node, Pipeline

HEAD = """# Nodes

Made by `kedro nodes-reference` from the pipelines themselves; a test fails when the two differ.

Every node runs alone on what the catalog holds: `kedro run --pipeline=PIPELINE --nodes=NODE`.
[How to hand over a node](../how_to/hand_over_a_node.md) says how a team takes one over and gives it back.
"""
ANY = "METHOD"
COLUMNS = ("node", "function", "reads", "writes", "parameters", "tags", "what it does")


def nodes_reference(pipelines: Mapping[str, Pipeline]) -> str:
    """One table a registered pipeline, one row a node in the order of running; a node is listed where it comes first.

    Pipelines that differ in nothing but their name have one table, in which `METHOD` stands for it.

    Args:
        pipelines: As registered.

    Returns:
        Markdown.
    """
    listed: set[str] = set()
    tables: dict[str, dict[str, str]] = {}  # by what they say of METHOD: by name
    for name, pipeline in sorted(pipelines.items(), key=lambda item: len(item[1].nodes)):
        stages = (sorted(stage, key=lambda node: node.name.rpartition(".")[::-1]) for stage in pipeline.grouped_nodes)
        fresh = [node for stage in stages for node in stage if node.name not in listed]
        if name == "__default__" or not fresh:
            continue
        listed.update(node.name for node in fresh)
        general, own = ("\n".join(row(node, name, shown) for node in fresh) for shown in (ANY, name))
        tables.setdefault(general, {})[name] = own
    parts = [HEAD]
    for general, alike in tables.items():
        names = ", ".join(f"`{name}`" for name in alike)
        one = len(alike) == 1
        parts.append(f"## Pipeline {names}\n" if one else f"## Pipelines {names}\n\n`{ANY}` is the name of each.\n")
        parts.append("| " + " | ".join(COLUMNS) + " |\n|" + " --- |" * len(COLUMNS))
        parts.append((next(iter(alike.values())) if one else general) + "\n")
    return "\n".join(parts)


def row(node: Node, pipeline: str, shown: str) -> str:
    """One node as a row of the table, with another name in the place of that of its pipeline."""

    def named(names: Iterable[str]) -> list[str]:
        return [shown + name.removeprefix(pipeline) if is_of(name, pipeline) else name for name in names]

    data = [name for name in node.inputs if not name.startswith("params:")]
    parameters = [name.removeprefix("params:") for name in node.inputs if name.startswith("params:")]
    summary = (inspect.getdoc(node.func) or "").split("\n", 1)[0]
    function = f"{node.func.__module__}.{node.func.__name__}"
    cells = [
        code(named([node.name])),
        f"`{function.removeprefix('nevus.pipelines.')}`",
        code(named(data)),
        code(named(node.outputs)),
        code(named(parameters)),
        ", ".join(sorted(named(node.tags))),
        summary,
    ]
    return "| " + " | ".join(cells) + " |"


def is_of(name: str, namespace: str) -> bool:
    """Whether a name is that of a namespace, or of something in it."""
    return name == namespace or name.startswith(f"{namespace}.")


def code(names: list[str]) -> str:
    """Names as inline code, one after the other."""
    return ", ".join(f"`{name}`" for name in names) or "-"
