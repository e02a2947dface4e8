"""How a network takes in images: their size and their normalisation."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nevus.contracts import Pixels, TrainingError
from nevus.networks.options import InputOptions

# Of the pixels in [0, 1] of ImageNet's training images; what nearly all pretrained weights expect.
IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
LEVEL = 1 / 127.5  # one grey level in [-1, 1]
CHUNK_BYTES = 2**24  # of pixels, read at a time


class Input(nn.Module):
    """Resize, then normalise. Where there is nothing to do the images pass unchanged and no weights are kept."""

    def __init__(self, options: InputOptions) -> None:
        super().__init__()
        self.resize = options.resize
        self.normalise: nn.Module = {
            "none": nn.Identity,
            "imagenet": ImageNetNormalisation,
            "sample": SampleNormalisation,
            "feature": FeatureNormalisation,
        }[options.normalisation]()

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] to (N, 3, R, R), bilinear with antialiasing where the size changes."""
        if self.resize is not None and x.shape[2:] != (self.resize, self.resize):
            # In float32: a generator's half-precision images would be rounded twice, and not all devices resize them.
            x = F.interpolate(x.float(), size=(self.resize, self.resize), mode="bilinear", antialias=True)
        normalised: Tensor = self.normalise(x)
        return normalised

    def fit(self, pixels: Pixels) -> None:
        """Take from (N, H, W, 3) uint8 training images what the normalisation needs to know of them."""
        if isinstance(self.normalise, FeatureNormalisation):
            self.normalise.fit(pixels)


class ImageNetNormalisation(nn.Module):
    """From [-1, 1] to [0, 1], less the mean of ImageNet, by its deviation."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(IMAGENET_DEVIATION).view(3, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) to the same shape."""
        return ((x + 1) / 2 - self.mean) / self.deviation


class SampleNormalisation(nn.Module):
    """Every image to mean 0 and deviation 1 over all its pixels and channels: blind to its brightness and contrast."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) to the same shape; an image of one colour to zeros."""
        x = x.float()
        centred = x - x.mean(dim=(1, 2, 3), keepdim=True)
        # The square of a tenth of a grey level keeps the gradient of an even image finite.
        return centred * (centred.square().mean(dim=(1, 2, 3), keepdim=True) + (LEVEL / 10) ** 2).rsqrt()


class FeatureNormalisation(nn.Module):
    """Every colour channel to mean 0 and deviation 1 over the training images; the statistics are saved as weights."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.full((3, 1, 1), torch.nan))
        self.register_buffer("deviation", torch.full((3, 1, 1), torch.nan))
        self.fitted = False  # a Python value: looking into the buffers at every step would wait for the device

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) to the same shape.

        Raises:
            TrainingError: The statistics have been neither taken from training images nor loaded.
        """
        if not self.fitted:
            raise TrainingError(
                "normalisation 'feature' needs the statistics of the training images, and none were taken. Call "
                "fit_input on the network before it is trained, or set classifier.network.normalisation to 'none'."
            )
        return (x - self.mean) / self.deviation

    def fit(self, pixels: Pixels) -> None:
        """Take mean and deviation of every channel from (N, H, W, 3) uint8, exactly, read in chunks."""
        counts = np.zeros((3, 256), dtype=np.int64)
        step = max(1, CHUNK_BYTES // max(1, np.asarray(pixels[:1]).nbytes))
        for start in range(0, len(pixels), step):
            chunk = np.asarray(pixels[start : start + step])
            counts += np.stack([np.bincount(chunk[..., channel].ravel(), minlength=256) for channel in range(3)])
        levels = np.arange(256) * LEVEL - 1
        shares = counts / counts.sum(axis=1, keepdims=True)
        mean = shares @ levels
        deviation = np.sqrt((shares * (levels - mean[:, None]) ** 2).sum(axis=1))
        for buffer, values in ((self.mean, mean), (self.deviation, np.maximum(deviation, LEVEL))):
            buffer.copy_(torch.from_numpy(values).view(3, 1, 1))
        self.fitted = True

    def _load_from_state_dict(self, *args: Any, **kwargs: Any) -> None:
        super()._load_from_state_dict(*args, **kwargs)
        self.fitted = bool(torch.isfinite(self.mean).all())
