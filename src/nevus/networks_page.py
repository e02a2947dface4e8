"""The page `docs/reference/networks.md`: what the networks of the configuration cost."""

from collections.abc import Mapping
from typing import Any

from nevus.contracts import NevusError
from nevus.networks.build import build
from nevus.networks.cost import cost_of
from nevus.networks.options import NetworkOptions, Networks

SIZES = (32, 224)  # pixels of the packed images
CLASSES = 2
HEAD = f"""# Networks

Made by `kedro networks-reference` from `conf/base/parameters/networks.yml`; a test fails when the two differ.

A method takes one over by its name: `--params 'supervised.network=${{networks.small_cnn}}'`. One value of it is changed
by `--params networks.small_cnn.width=64`. Any other of timm's networks is a block of kind `timm` with its name:
`--params 'supervised.network=${{networks.resnet18}},networks.resnet18.name=convnext_tiny'`.
[How to change the training](../how_to/change_the_training.md) says more; `nevus/networks/options.py` says what the
settings mean.

Parameters are those of {CLASSES} classes. Operations are of the forward pass of one image, a multiplication and an
addition counting as two; a training step costs some three times as many. Where `resize` is set, the network sees that
size whatever the images have; `-` stands where the images are too small.

Runs track both of their own network, as the tags `network_parameters` and `network_flops`.
"""
COLUMNS = (
    "network",
    "kind",
    "resize",
    *(f"{what} at {size} px" for size in SIZES for what in ("parameters", "GFLOPs")),
)


def networks_reference(networks: Mapping[str, Any]) -> str:
    """One table, a row a network.

    Args:
        networks: The block `networks` of the configuration.

    Returns:
        Markdown.
    """
    rows = [row(name, options) for name, options in Networks.model_validate(networks).root.items()]
    head = "| " + " | ".join(COLUMNS) + " |\n|" + " --- |" * 3 + " ---: |" * (len(COLUMNS) - 3)
    return "\n".join([HEAD, head, *rows, ""])


def row(name: str, options: NetworkOptions) -> str:
    """One network as a row of the table."""
    cells = [f"`{name}`", f"`{options.kind}`", str(options.resize or "")]
    by_seen = {seen: cost_cells(options, seen) for seen in {options.resize or size for size in SIZES}}
    for size in SIZES:
        cells += by_seen[options.resize or size]
    return "| " + " | ".join(cells) + " |"


def cost_cells(options: NetworkOptions, size: int) -> list[str]:
    """Parameters and billions of operations, for images of this size."""
    try:
        parameters, flops = cost_of(build(options, classes=CLASSES, size=size), size)
    except NevusError:
        return ["-", "-"]
    return [f"{parameters:,}", f"{flops / 1e9:.3g}"]
