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
CHUNK_BYTES = 2**22  # of pixels, read at a time


class Input(nn.Module):
    """Resize, correct the colours, normalise. Where there is nothing to do the images pass unchanged."""

    def __init__(self, options: InputOptions) -> None:
        super().__init__()
        self.resize = options.resize
        self.correct = ColourCorrection(options)
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
        normalised: Tensor = self.normalise(self.correct(x))
        return normalised

    def fit(self, pixels: Pixels) -> None:
        """Take from (N, H, W, 3) uint8 training images what the normalisation needs to know of them."""
        if isinstance(self.normalise, FeatureNormalisation):
            self.normalise.fit(pixels, self.correct)


class ColourCorrection(nn.Module):
    """Grey world and gamma, on pixels in [0, 1]."""

    def __init__(self, options: InputOptions) -> None:
        super().__init__()
        self.grey_world, self.gamma = options.colour == "grey_world", options.gamma

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] to the same shape and range; the same tensor where nothing is corrected."""
        if not self.grey_world and self.gamma == 1:
            return x
        x = (x.float() + 1).clamp(0, 2) / 2  # augmented colours may lie a little outside
        if self.grey_world:
            means = x.mean(dim=(2, 3), keepdim=True)
            # A channel without light stays dark: half a grey level instead of nothing to divide by.
            x = (x * means.mean(dim=1, keepdim=True) / means.clamp_min(LEVEL / 4)).clamp(0, 1)
        if self.gamma != 1:
            x = x.clamp_min(1e-6) ** self.gamma  # below exponent 1 the slope at 0 is infinite
        return x * 2 - 1


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

    def fit(self, pixels: Pixels, correct: nn.Module) -> None:
        """Take mean and deviation of every channel from (N, H, W, 3) uint8, with corrected colours, read in chunks."""
        sums, squares, count = torch.zeros(3, dtype=torch.float64), torch.zeros(3, dtype=torch.float64), 0
        step = max(1, CHUNK_BYTES // max(1, np.asarray(pixels[:1]).nbytes))
        for start in range(0, len(pixels), step):
            chunk = torch.from_numpy(np.asarray(pixels[start : start + step])).permute(0, 3, 1, 2)
            values = correct(chunk.double() * LEVEL - 1).double()
            sums += values.sum(dim=(0, 2, 3))
            squares += values.square().sum(dim=(0, 2, 3))
            count += values.numel() // 3
        mean = sums / count
        deviation = (squares / count - mean.square()).clamp_min(LEVEL**2).sqrt()
        for buffer, statistic in ((self.mean, mean), (self.deviation, deviation)):
            buffer.copy_(statistic.view(3, 1, 1))
        self.fitted = True

    def _load_from_state_dict(self, *args: Any, **kwargs: Any) -> None:
        super()._load_from_state_dict(*args, **kwargs)
        self.fitted = bool(torch.isfinite(self.mean).all())
