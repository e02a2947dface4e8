"""The page `docs/reference/networks.md`: what the networks of the configuration cost."""

from collections.abc import Mapping, Sequence
from typing import Any

from nevus.contracts import NevusError
from nevus.networks.build import build
from nevus.networks.cost import cost_in_a_game, cost_of
from nevus.networks.options import CriticOptions, Critics, GeneratorOptions, Generators, NetworkOptions, Networks

SIZES = (32, 224)  # pixels of the packed images
CLASSES = 2
HEAD = f"""# Networks

Made by `kedro networks-reference` from `networks.yml`, `generators.yml` and `critics.yml` in `conf/base/parameters`; a
test fails when the page differs.

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
GAME_SIZES = (32, 64, 128)
GAME_HEAD = """## Generators and critics

Those of a GAN are taken over likewise: `--params 'synthesis.generator=${generators.style}'`,
`--params 'synthesis.critic=${critics.r3gan}'`. They make and judge images of 32, 64 and 128 pixels; for a corpus of 100
pixels a generator makes more and resizes: `--params generators.style.resize=128`. Where `-` stands, the settings have
to be changed for the size. Numbers are of networks that are not told a class.
"""


def networks_reference(networks: Mapping[str, Any], generators: Mapping[str, Any], critics: Mapping[str, Any]) -> str:
    """Tables, a row a network.

    Args:
        networks: The block `networks` of the configuration.
        generators: The block `generators`.
        critics: The block `critics`.

    Returns:
        Markdown.
    """
    rows = [row(name, options) for name, options in Networks.model_validate(networks).root.items()]
    lines = [HEAD, head("network", "kind", "resize", sizes=SIZES), *rows, "", GAME_HEAD]
    for what, model, blocks in (("generator", Generators, generators), ("critic", Critics, critics)):
        options = model.model_validate({name: {**block, "conditional": False} for name, block in blocks.items()}).root
        lines += [head(what, "kind", sizes=GAME_SIZES), *(game_row(*named) for named in options.items()), ""]
    return "\n".join(lines)


def head(*names: str, sizes: Sequence[int]) -> str:
    """The first two lines of a table: names, then what a network costs at each size."""
    costs = [f"{what} at {size} px" for size in sizes for what in ("parameters", "GFLOPs")]
    return "| " + " | ".join([*names, *costs]) + " |\n|" + " --- |" * len(names) + " ---: |" * len(costs)


def game_row(name: str, options: GeneratorOptions | CriticOptions) -> str:
    """One generator or critic as a row of its table."""
    cells = [f"`{name}`", f"`{options.kind}`"]
    for size in GAME_SIZES:
        try:
            cells += written(*cost_in_a_game(build(options, classes=CLASSES, size=size), size))
        except NevusError:
            cells += ["-", "-"]
    return "| " + " | ".join(cells) + " |"


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
        return written(*cost_of(build(options, classes=CLASSES, size=size), size))
    except NevusError:
        return ["-", "-"]


def written(parameters: int, flops: int) -> list[str]:
    """What a network costs as two cells."""
    return [f"{parameters:,}", f"{flops / 1e9:.3g}"]
