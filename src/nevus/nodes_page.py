"""The page `docs/reference/nodes.md`: what every node reads, writes and is for."""

import inspect
from collections.abc import Mapping

from kedro.pipeline import Node, Pipeline

HEAD = """# Nodes

Made by `kedro nodes-reference` from the pipelines themselves; a test fails when the two differ.

Every node runs alone on what the catalog holds: `kedro run --pipeline=PIPELINE --nodes=NODE`.
[How to hand over a node](../how_to/hand_over_a_node.md) says how a team takes one over and gives it back.
"""
COLUMNS = ("node", "function", "reads", "writes", "parameters", "tags", "what it does")


def nodes_reference(pipelines: Mapping[str, Pipeline]) -> str:
    """One table a registered pipeline, one row a node in the order of running; a node is listed where it comes first.

    Args:
        pipelines: As registered.

    Returns:
        Markdown.
    """
    listed: set[str] = set()
    parts = [HEAD]
    for name, pipeline in sorted(pipelines.items(), key=lambda item: len(item[1].nodes)):
        fresh = [node for node in pipeline.nodes if node.name not in listed]
        if name == "__default__" or not fresh:
            continue
        listed.update(node.name for node in fresh)
        parts.append(f"## Pipeline `{name}`\n")
        parts.append("| " + " | ".join(COLUMNS) + " |\n|" + " --- |" * len(COLUMNS))
        parts.append("\n".join(row(node) for node in fresh) + "\n")
    return "\n".join(parts)


def row(node: Node) -> str:
    """One node as a row of the table."""
    data = [name for name in node.inputs if not name.startswith("params:")]
    parameters = [name.removeprefix("params:") for name in node.inputs if name.startswith("params:")]
    summary = (inspect.getdoc(node.func) or "").split("\n", 1)[0]
    function = f"{node.func.__module__}.{node.func.__name__}"
    cells = [
        f"`{node.name}`",
        f"`{function.removeprefix('nevus.pipelines.')}`",
        code(data),
        code(node.outputs),
        code(parameters),
        ", ".join(sorted(node.tags)),
        summary,
    ]
    return "| " + " | ".join(cells) + " |"


def code(names: list[str]) -> str:
    """Names as inline code, one after the other."""
    return ", ".join(f"`{name}`" for name in names) or "-"
