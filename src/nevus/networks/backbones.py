"""Any of timm's networks as a classifier: its body, and a head of our own. timm is imported when one is built."""

import difflib
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from nevus.contracts import NevusError
from nevus.networks.classifier import ClassifierNetwork, ensure_size
from nevus.networks.sources import brief

if TYPE_CHECKING:
    from nevus.networks.options import TimmOptions


class Backbone(ClassifierNetwork):
    """One of timm's networks, its features averaged over the image, and a linear or two-layer head.

    `backbone` has the names of timm's parameters, so `optimizer.frozen` may say "backbone" or "backbone.blocks.0".

    Args:
        options: Which of them, and its head.
        backbone: (N, 3, R, R) to (N, F).
        feature_count: F.
        classes: Number of class logits K.

    Attributes:
        heads: Names of the layers that timm's own head has in weights of this network.
    """

    def __init__(self, options: "TimmOptions", backbone: nn.Module, feature_count: int, *, classes: int) -> None:
        super().__init__(options)
        self.backbone = backbone
        self.feature_count = feature_count
        heads = getattr(backbone, "pretrained_cfg", {}).get("classifier") or ()
        self.heads = (heads,) if isinstance(heads, str) else tuple(heads)
        layers: list[nn.Module] = [nn.Dropout(options.dropout)]
        if options.hidden is not None:
            layers += [nn.Linear(feature_count, options.hidden), nn.ReLU(), nn.Dropout(options.dropout)]
        self.head = nn.Sequential(*layers, nn.Linear(options.hidden or feature_count, classes))

    def embed(self, x: Tensor) -> Tensor:
        """(N, 3, R, R) to (N, F)."""
        features: Tensor = self.backbone(x)
        return features

    def forward_head(self, features: Tensor) -> Tensor:
        """(N, F) to (N, K) logits."""
        logits: Tensor = self.head(features)
        return logits


def build_backbone(options: "TimmOptions", *, classes: int, size: int) -> Backbone:
    """Build one of timm's networks with fresh weights; reached through `nevus.networks.build`.

    Raises:
        NevusError: timm has no network of that name, or it does not take one of the settings, or not this size.
    """
    body = create(options, options.resize or size)
    if options.stem == "small":
        make_stem_small(body, options.name)
    least = 1 if options.stem == "small" else reduction(body)
    seen = ensure_size(options, size, least=least, reason=f"{options.name} halves the image until 1 of {least} is left")
    return Backbone(options, body, features_of(body, options.name, seen), classes=classes)


def create(options: "TimmOptions", seen: int) -> nn.Module:
    """Build the body of one of timm's networks."""
    import timm

    check_name(options.name)
    settings: dict[str, Any] = {"drop_path_rate": options.drop_path} if options.drop_path else {}
    if getattr(timm.get_pretrained_cfg(options.name), "fixed_input_size", False):
        settings["img_size"] = seen
    try:
        body: nn.Module = timm.create_model(options.name, pretrained=False, num_classes=0, **settings)
    except (TypeError, AssertionError, ValueError) as error:
        raise NevusError(
            f"timm's {options.name} cannot be built with {settings or 'no head'}: {brief(error)}. Set drop_path to 0, "
            "or resize to a size that it takes."
        ) from error
    return body


def check_name(name: str) -> None:
    """Refuse a name that timm does not know.

    Raises:
        NevusError: It names the nearest ones.
    """
    import timm

    if not timm.is_model(name):
        near = difflib.get_close_matches(name, timm.list_models(), n=5, cutoff=0.5)
        raise NevusError(
            f"timm has no network '{name}'. The nearest names are {', '.join(near) or 'none'}; all of them are listed "
            "by `python -c 'import timm; print(*timm.list_models())'`."
        )


def reduction(body: nn.Module) -> int:
    """How often the image is halved, as a factor; 1 where timm does not say."""
    stages = getattr(body, "feature_info", None) or [{}]
    return int(stages[-1].get("reduction", 1))


def make_stem_small(body: nn.Module, name: str) -> None:
    """Put a 3x3 convolution of stride 1 in the place of a ResNet's 7x7 of stride 2, and no pooling.

    So the paper does it for images of 32 pixels (arXiv:1512.03385, section 4.2).

    Raises:
        NevusError: The network has no such stem.
    """
    first = getattr(body, "conv1", None)
    if not isinstance(first, nn.Conv2d) or not isinstance(getattr(body, "maxpool", None), nn.MaxPool2d):
        raise NevusError(
            f"stem: small is for networks that begin as ResNets do, and {name} does not. Set stem to default, or take "
            "resnet18, resnet34, resnet50, resnet101 or resnet152."
        )
    body.conv1 = nn.Conv2d(3, first.out_channels, 3, padding=1, bias=False)
    nn.init.kaiming_normal_(body.conv1.weight, mode="fan_out", nonlinearity="relu")
    body.maxpool = nn.Identity()


def features_of(body: nn.Module, name: str, seen: int) -> int:
    """Length of its feature vector, found by a pass without computing anything.

    Raises:
        NevusError: Its layers do not fit an image of this size.
    """
    nothing = {key: value.to("meta") for key, value in (*body.named_parameters(), *body.named_buffers())}
    body.eval()
    try:
        with torch.no_grad():
            shape = torch.func.functional_call(body, nothing, torch.empty(1, 3, seen, seen, device="meta")).shape
    except (RuntimeError, AssertionError, ValueError) as error:
        raise NevusError(
            f"{name} cannot see images of {seen} pixels: {brief(error)}. Raise "
            "classifier.network.resize, or that of the method's own network."
        ) from error
    finally:
        body.train()
    return int(shape[1])
