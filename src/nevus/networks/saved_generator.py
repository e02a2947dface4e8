"""Generators that were saved: what is said of one, and how it is built again."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from torch import nn

from nevus.contracts import NevusError, Weights
from nevus.networks.build import build
from nevus.networks.options import GeneratorOptions


def describe_generator(options: GeneratorOptions, *, classes: Sequence[str], size: int) -> dict[str, Any]:
    """What a saved generator says of its network: JSON-able, and all that `restore_generator` needs but the weights.

    Args:
        options: Of the network.
        classes: Names of the classes.
        size: Height and width of the images in pixels.
    """
    return {
        "network": options.model_dump(mode="json"),
        "latent": options.latent,
        "size": int(size),
        "classes": list(classes),
        "conditional": options.conditional,
    }


def restore_generator(spec: Mapping[str, Any], weights: Weights) -> nn.Module:
    """Build a saved generator and load its weights.

    Args:
        spec: `SavedGenerator.spec`.
        weights: `SavedGenerator.weights`.

    Returns:
        The network on the CPU, in evaluation mode.

    Raises:
        NevusError: The weights are those of a network of another configuration, or there is no such network.
    """
    try:
        network = build(spec["network"], classes=len(spec["classes"]), size=spec["size"])
        network.load_state_dict(weights)
    except (ValidationError, RuntimeError) as error:
        kind = dict(spec["network"]).get("kind")
        raise NevusError(
            f"the generator was saved with another configuration than its spec says: its weights do not fit a network "
            f"of kind '{kind}' at {spec['size']} pixels with {dict(spec['network'])}. Take spec.json and weights of "
            "one training, or train anew by `kedro run --pipeline=synthesis`."
        ) from error
    fitted: nn.Module = network.eval()
    return fitted
