"""Where in an image a network finds its answer: heat maps of the last feature map (Grad-CAM)."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from captum.attr import LayerAttribution, LayerGradCam
from numpy.typing import NDArray
from torch import Tensor, nn

from nevus.contracts import NevusError
from nevus.training.images import to_images
from nevus.training.prediction import PixelSource, batch_that_fits, evaluating, full_precision, symmetries
from nevus.training.runtime import Runtime

KEPT = 4  # a gradient keeps all activations, so so many times fewer images fit than for a prediction


class NoFeatureMapError(NevusError):
    """A classifier has no map of features, so no picture can show where in an image it finds its answer."""


def grad_cam(
    network: nn.Module,
    pixels: PixelSource,
    targets: Sequence[int] | NDArray[np.integer],
    runtime: Runtime,
    *,
    average_d4: bool = False,
) -> NDArray[np.float32]:
    """Weigh the channels of the last feature map by the mean of their gradient (Grad-CAM, arXiv:1610.02391, section 3).

    The gradient is that of the log-odds of the class, not of its logit: what raises all logits alike, such as the
    belief of a GAN's discriminator that an image is real, speaks for no class.

    Args:
        network: (N, 3, H, W) in [-1, 1] to (N, K) logits; moved to the device, otherwise left as it was.
        pixels: (N, H, W, 3) uint8, square; only the images of a batch are read at a time.
        targets: (N,), the class of each image whose evidence is wanted.
        runtime: Device and precision.
        average_d4: Take the mean over the eight symmetries of the square, as predictions do that are averaged so.

    Returns:
        (N, H, W) float32 in [0, 1]: 1 where an image holds most evidence for its class, 0 where it holds none or
        evidence against; all 0 where nothing speaks for the class. Blurred: a feature map has few positions.

    Raises:
        NoFeatureMapError: The network has none.
    """
    network.to(runtime.device)
    wanted = torch.as_tensor(np.asarray(targets, dtype=np.int64)).to(runtime.device)
    batch, parts = max(1, batch_that_fits(network, pixels) // KEPT), []
    with evaluating(network), runtime.autocast(), full_precision():
        layer = last_feature_map(network, to_images(np.asarray(pixels[:1]), runtime.device))
        cam = LayerGradCam(_log_odds_of(network), layer)
        for start in range(0, len(pixels), batch):
            rows = slice(start, start + batch)
            images = to_images(np.asarray(pixels[rows]), runtime.device)
            views = symmetries(images) if average_d4 else [images]
            maps = [_enlarged(cam, view, wanted[rows]) for view in views]
            parts.append(torch.stack(_turned_back(maps)).mean(dim=0).cpu())
    size = np.asarray(pixels[:1]).shape[1:3]
    return brought_to_one(torch.cat([torch.zeros(0, *size), *parts]).numpy())


def brought_to_one(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, H, W), not below 0, each divided by its largest value; those that are all 0 stay so."""
    most = maps.max(axis=(1, 2), keepdims=True, initial=0.0)
    found = np.zeros_like(maps)
    np.divide(maps, most, out=found, where=most > 0)
    return found


def last_feature_map(network: nn.Module, image: Tensor) -> nn.Module:
    """Find the layer that makes the last map of several positions through which all goes that reaches the answer.

    Args:
        network: In evaluation mode.
        image: (1, 3, H, W), square.

    Returns:
        A module that is called once and returns (N, C, h, w), h and w above 1.

    Raises:
        NoFeatureMapError: There is none: the image goes on as a vector at once, or as tokens, as in vision
            transformers.
    """
    for layer, shape in reversed(_learnt(network, image)):
        if len(shape) != 4 or shape[2] != shape[3]:
            break  # tokens, or channels last
        if _all_goes_through(network, layer, image):
            return layer
    raise NoFeatureMapError(
        f"a heat map needs a network whose last layers keep height and width, and this {_name(network)} has no such "
        "feature map. Networks of convolutions have one; those that work on tokens, and linear ones, have none."
    )


def _learnt(network: nn.Module, image: Tensor) -> list[tuple[nn.Module, torch.Size]]:
    """Layers that return several positions, in the order in which they finish, from the first with weights on."""
    finished: list[tuple[nn.Module, torch.Size]] = []

    def note(layer: nn.Module, _: Any, output: Any) -> None:
        if isinstance(output, Tensor):
            finished.append((layer, output.shape))

    with _hooked(list(network.modules()), note), torch.no_grad():
        network(image)
    calls = Counter(layer for layer, _ in finished)
    first = next((n for n, (layer, _) in enumerate(finished) if any(True for _ in layer.parameters())), len(finished))
    return [(layer, shape) for layer, shape in finished[first:] if calls[layer] == 1 and _has_positions(shape)]


def _has_positions(shape: torch.Size) -> bool:
    """Whether it is (N, C, h, w), (N, h, w, C) or (N, tokens, C), of more than one position."""
    if len(shape) == 4:
        return shape[2] == shape[3] > 1 or shape[1] == shape[2] > 1
    return len(shape) == 3 and shape[1] > 1


def _all_goes_through(network: nn.Module, layer: nn.Module, image: Tensor) -> bool:
    """Whether the answer no longer depends on the image once what the layer returns is taken as given."""
    with _hooked([layer], lambda _layer, _input, output: output.detach()), torch.enable_grad():
        seen = image.detach().clone().requires_grad_()
        answer = network(seen).sum()
    if not answer.requires_grad:
        return True
    return torch.autograd.grad(answer, seen, allow_unused=True)[0] is None


@contextmanager
def _hooked(layers: Sequence[nn.Module], hook: Callable[[nn.Module, Any, Any], Any]) -> Iterator[None]:
    handles = [layer.register_forward_hook(hook) for layer in layers]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _log_odds_of(network: nn.Module) -> Callable[[Tensor, Tensor], Tensor]:
    def log_odds(images: Tensor, targets: Tensor) -> Tensor:
        logits = network(images).float()
        own = logits.gather(1, targets[:, None])
        others = logits.scatter(1, targets[:, None], float("-inf"))
        difference: Tensor = own[:, 0] - others.logsumexp(dim=1)
        return difference

    return log_odds


def _enlarged(cam: LayerGradCam, images: Tensor, targets: Tensor) -> Tensor:
    """(N, H, W), not below 0."""
    small = cam.attribute(images, additional_forward_args=targets, relu_attributions=True)
    large: Tensor = LayerAttribution.interpolate(small.detach().float(), images.shape[2:], "bilinear")
    return large[:, 0]


def _turned_back(maps: Sequence[Tensor]) -> list[Tensor]:
    """The maps of views made by `symmetries`, each as the image lies."""
    upright = [view.flip(2) if number >= 4 else view for number, view in enumerate(maps)]
    return [torch.rot90(view, -(number % 4), dims=(1, 2)) for number, view in enumerate(upright)]


def _name(network: nn.Module) -> str:
    return type(getattr(network, "backbone", network)).__name__
