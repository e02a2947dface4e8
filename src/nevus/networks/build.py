"""Networks by kind: the one place that knows how to build any of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, cast, overload

from pydantic import TypeAdapter
from torch import nn

from nevus.contracts import NevusError, Weights
from nevus.networks.backbones import build_backbone
from nevus.networks.classifier import ClassifierNetwork
from nevus.networks.critics import CriticNetwork
from nevus.networks.dcgan import build_dcgan, build_dcgan_critic
from nevus.networks.deconvolution import build_deconvolution
from nevus.networks.discriminators import build_discriminator
from nevus.networks.gan_options import VaeOptions
from nevus.networks.generators import GeneratorNetwork
from nevus.networks.options import AnyOptions, CriticOptions, GeneratorOptions, NetworkOptions
from nevus.networks.preactivation import build_preactivation, build_wide_resnet
from nevus.networks.r3gan import build_r3gan, build_r3gan_critic
from nevus.networks.residual_gan import build_residual_critic, build_residual_generator
from nevus.networks.small_cnn import build_small_cnn
from nevus.networks.spec import VERSION, upgrade
from nevus.networks.style import build_style
from nevus.networks.vae import Vae, build_vae


class Kind(NamedTuple):
    """How a kind of network is built.

    Attributes:
        build: (options, classes, size) to the network, the last two by name. Imports what only this kind needs when
            it is called.
        requirements: Packages that this kind needs beside PyTorch, by the names that pip knows.
    """

    build: Callable[..., nn.Module]
    requirements: tuple[str, ...] = ()


KINDS = {
    "residual": Kind(build_discriminator),
    "plain": Kind(build_discriminator),
    "preactivation": Kind(build_preactivation),
    "wide_resnet": Kind(build_wide_resnet),
    "small_cnn": Kind(build_small_cnn),
    "deconvolution": Kind(build_deconvolution),
    "timm": Kind(build_backbone, requirements=("timm",)),
    "dcgan": Kind(build_dcgan),
    "dcgan_critic": Kind(build_dcgan_critic),
    "residual_generator": Kind(build_residual_generator),
    "residual_critic": Kind(build_residual_critic),
    "style": Kind(build_style),
    "r3gan": Kind(build_r3gan),
    "r3gan_critic": Kind(build_r3gan_critic),
    "vae": Kind(build_vae),
}
ImageOptions: TypeAlias = GeneratorOptions | CriticOptions | VaeOptions


@overload
def build(spec: NetworkOptions, *, classes: int, size: int) -> ClassifierNetwork: ...


@overload
def build(spec: GeneratorOptions, *, classes: int, size: int) -> GeneratorNetwork: ...


@overload
def build(spec: CriticOptions, *, classes: int, size: int) -> CriticNetwork: ...


@overload
def build(spec: VaeOptions, *, classes: int, size: int) -> Vae: ...


@overload
def build(spec: Mapping[str, Any], *, classes: int, size: int) -> nn.Module: ...


def build(spec: NetworkOptions | ImageOptions | Mapping[str, Any], *, classes: int, size: int) -> nn.Module:
    """Build the network of a kind, with fresh weights from PyTorch's random numbers.

    Args:
        spec: The options, or the dictionary that they make.
        classes: Number of classes K.
        size: Height and width of the images of the corpus in pixels.

    Raises:
        NevusError: There is no such kind, or the network cannot work at this size.
    """
    options = parse(spec) if isinstance(spec, Mapping) else spec
    return KINDS[options.kind].build(options, classes=classes, size=size)


def parse(spec: Mapping[str, Any]) -> NetworkOptions | ImageOptions:
    """The options behind a dictionary of the present version.

    Raises:
        NevusError: There is no such kind.
    """
    if spec.get("kind") not in KINDS:
        raise NevusError(f"there is no network of kind '{spec.get('kind')}'. Known kinds: {', '.join(KINDS)}.")
    return TypeAdapter[NetworkOptions | ImageOptions](AnyOptions).validate_python(dict(spec))


def describe(options: NetworkOptions, *, classes: Sequence[str], size: int, average_d4: bool) -> dict[str, Any]:
    """What a saved classifier says about its network: JSON-able, and all that `restore` needs beside the weights.

    Args:
        options: Of the network.
        classes: Names of the classes.
        size: Height and width of the images of the corpus in pixels.
        average_d4: Whether predictions are averaged over the eight symmetries of the square.

    Returns:
        `version`, `network`, `requirements`, `size`, `classes`, `average_d4`.
    """
    return {
        "version": VERSION,
        "network": options.without_start().model_dump(mode="json"),
        "requirements": list(KINDS[options.kind].requirements),
        "size": int(size),
        "classes": list(classes),
        "average_d4": average_d4,
    }


def restore(spec: Mapping[str, Any], weights: Weights) -> ClassifierNetwork:
    """Build the network of a saved classifier, of this version or an older one, and load its weights.

    Args:
        spec: `Classifier.spec`.
        weights: `Classifier.weights`.

    Returns:
        The network on the CPU, in evaluation mode.

    Raises:
        NevusError: The spec is of a later version.
    """
    spec = upgrade(spec)
    network = cast(ClassifierNetwork, build(spec["network"], classes=len(spec["classes"]), size=spec["size"]))
    network.load_state_dict(weights)
    return network.eval()
