"""The networks whose features the quality of generated images is measured on.

Published FIDs are of one file of weights of InceptionV3, which is not on every machine and is never downloaded here.
Where its path is given it is used; else EfficientNet-Lite0 with the weights of ImageNet that the installation brings,
and then nothing is called FID.
"""

import io
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from nevus.contracts import NevusError
from nevus.networks.build import build
from nevus.networks.options import TimmOptions
from nevus.networks.pretrained import load_start, read
from nevus.networks.sources import IMAGENET, brief

# Of weights-inception-2015-12-05-6726825d.pth, which torch-fidelity publishes: the weights of the original FID.
INCEPTION_SHA256 = "6726825d"
LEVELS = 127.5  # grey levels in 1


class Extractor(NamedTuple):
    """What makes features, and what its distances are called by.

    Attributes:
        name: "inception" or "lite0".
        network: Has `forward_features`, (N, 3, H, W) in [-1, 1] to (N, F).
    """

    name: str
    network: nn.Module


class Inception(nn.Module):
    """torch-fidelity's InceptionV3, which resizes to 299 pixels as TensorFlow 1 did, on images in [-1, 1].

    Args:
        layers: (N, 3, H, W) uint8 to the features that were asked for, a tuple.
    """

    resize = 299  # whoever chooses a batch by the memory that it takes looks here

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward_features(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] to (N, 2048), in float32 whatever the precision around it."""
        levels = x.float().add(1).mul(LEVELS).round().clamp(0, 255).to(torch.uint8)
        with torch.autocast(x.device.type, enabled=False):
            features: Tensor = self.layers(levels)[0]
        return features


def quality_extractor(inception: str | Path | None, *, size: int, side: int) -> Extractor:
    """InceptionV3 where its weights are on the machine, else EfficientNet-Lite0.

    Args:
        inception: File with the weights of InceptionV3, or None.
        size: Height and width of the images in pixels.
        side: To which EfficientNet-Lite0 resizes them; distances can be compared at the same side only.

    Raises:
        NevusError: The file is not there, or is another one; or the weights of EfficientNet-Lite0 cannot be had.
    """
    if inception is not None:
        return Extractor("inception", load_inception(Path(inception).expanduser()))
    options = TimmOptions(
        kind="timm",
        name="tf_efficientnet_lite0",
        normalisation="none",
        resize=side,
        colour="none",
        gamma=1.0,
        stem="default",
        hidden=None,
        dropout=0.0,
        drop_path=0.0,
        weights=IMAGENET,
        sha256=None,
    )
    network = build(options, classes=1, size=size)
    load_start(network, options)
    return Extractor("lite0", network.eval())


def load_inception(file: Path, sha256: str = INCEPTION_SHA256) -> Inception:
    """Read torch-fidelity's InceptionV3.

    Args:
        file: Its weights.
        sha256: The beginning of the checksum that the file must have, in hexadecimal.

    Raises:
        NevusError: The file is not there, is another one, or holds something else than these weights.
    """
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    checked = io.BytesIO()  # torch-fidelity would run code that may be in a file; what is read here is weights alone
    torch.save(read(file, sha256), checked)
    checked.seek(0)
    try:
        layers = FeatureExtractorInceptionV3("inception-v3-compat", ["2048"], feature_extractor_weights_path=checked)
    except RuntimeError as error:
        raise NevusError(
            f"the weights from {file} are not those of torch-fidelity's InceptionV3: {brief(error)}. Fetch "
            "weights-inception-2015-12-05-6726825d.pth from https://github.com/toshas/torch-fidelity/releases, or "
            "leave the path out."
        ) from error
    return Inception(layers)
