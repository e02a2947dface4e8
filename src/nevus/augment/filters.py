"""What an operation makes of neighbouring pixels: sharpness, blur, noise, holes, and the traces of JPEG."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from nevus.augment import operations as o
from nevus.augment.colour import LUMA
from nevus.augment.draws import rectangles, uniform

SMOOTH = ((1.0, 1.0, 1.0), (1.0, 5.0, 1.0), (1.0, 1.0, 1.0))  # over 13: what Pillow and torchvision smooth with

# ITU-T T.81, annex K, tables K.1 and K.2: steps of the quantisation at quality 50, of luma and of colour.
LUMA_STEPS = (
    *(16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56),
    *(14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92),
    *(49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99),
)
COLOUR_STEPS = (
    *(17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99),
    *(47, 66, 99, 99, 99, 99, 99, 99, *[99] * 32),
)


def sharpness(options: o.Sharpness, images: Tensor) -> Tensor:
    """Each image's distance from its smoothed self times a factor; (N, 3, H, W) in [-1, 1], as all functions here."""
    kernel = images.new_tensor(SMOOTH).div(13).expand(3, 1, 3, 3)
    smooth = F.conv2d(F.pad(images, (1, 1, 1, 1), mode="replicate"), kernel, groups=3)
    return smooth + (images - smooth) * uniform(options.factor, images).view(-1, 1, 1, 1)


def blur(options: o.Blur, images: Tensor) -> Tensor:
    """A Gaussian of a width of its own for each image, cut at three deviations."""
    n, channels, height, width = images.shape
    side = min(height, width)
    reach = min(max(1, math.ceil(3 * options.deviation[1] * side)), side - 1)
    deviation = uniform(options.deviation, images).mul(side).clamp(min=1e-3).view(-1, 1)
    taps = torch.arange(-reach, reach + 1, device=images.device)
    weights = torch.exp(-((taps / deviation) ** 2) / 2)
    weights = (weights / weights.sum(dim=1, keepdim=True)).repeat_interleave(channels, dim=0)
    # A group of the convolution for each channel of each image.
    planes = F.pad(images, (reach,) * 4, mode="reflect").reshape(1, n * channels, height + 2 * reach, -1)
    planes = F.conv2d(planes, weights.view(n * channels, 1, -1, 1), groups=n * channels)
    return F.conv2d(planes, weights.view(n * channels, 1, 1, -1), groups=n * channels).view_as(images)


def noise(options: o.Noise, images: Tensor) -> Tensor:
    """Gaussian noise, independent in each pixel and channel."""
    deviation = 2 * uniform(options.deviation, images).view(-1, 1, 1, 1)  # the range goes from -1 to 1
    return images + deviation * torch.randn_like(images)


def cutout(options: o.Cutout, images: Tensor) -> Tensor:
    """A square anywhere, also partly outside, becomes the image's mean colour."""
    hole = rectangles(uniform(options.side, images), images)
    return torch.where(hole, images.mean(dim=(2, 3), keepdim=True), images)


def jpeg(options: o.Jpeg, images: Tensor) -> Tensor:
    """Rounded cosine transforms of blocks of 8 by 8 pixels (ITU-T T.81), colour at full resolution."""
    height, width = images.shape[2:]
    steps = _steps(uniform(options.quality, images))  # (N, 3, 1, 1, 8, 8)
    forth, back, centre = _ycc(images)
    planes = torch.einsum("kc,nchw->nkhw", forth, images.float().add(1).mul(127.5)) - centre
    planes = F.pad(planes, (0, -width % 8, 0, -height % 8), mode="replicate")
    blocks = planes.unfold(2, 8, 8).unfold(3, 8, 8)  # (N, 3, H / 8, W / 8, 8, 8)
    cosines = _cosines(images.device)
    rounded = torch.round(cosines @ blocks @ cosines.T / steps) * steps
    blocks = cosines.T @ rounded @ cosines
    planes = blocks.permute(0, 1, 2, 4, 3, 5).reshape(planes.shape)[:, :, :height, :width] + centre
    colours = torch.einsum("ck,nkhw->nchw", back, planes)
    return colours.clamp(0, 255).div(127.5).sub(1)


def _steps(quality: Tensor) -> Tensor:
    """Steps of the quantisation, scaled by the quality as libjpeg does."""
    scale = torch.where(quality < 50, 50 / quality, 2 - quality / 50).view(-1, 1, 1, 1, 1, 1)
    tables = torch.tensor([LUMA_STEPS, COLOUR_STEPS, COLOUR_STEPS], device=quality.device).view(1, 3, 1, 1, 8, 8)
    return (tables * scale).round().clamp(1, 255)


def _cosines(device: torch.device) -> Tensor:
    """(8, 8): the orthonormal cosine transform, a frequency a row."""
    places = torch.arange(8, device=device, dtype=torch.float32)
    waves = torch.cos(math.pi * (2 * places + 1) * places[:, None] / 16) / 2
    waves[0] /= math.sqrt(2)
    return waves


def _ycc(images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Red, green and blue to luma and two colours, the way back, and the middle (1, 3, 1, 1) of their ranges."""
    red, green, blue = LUMA
    forth = torch.tensor(
        [
            [red, green, blue],
            [-red / (2 - 2 * blue), -green / (2 - 2 * blue), 0.5],
            [0.5, -green / (2 - 2 * red), -blue / (2 - 2 * red)],
        ],
        device=images.device,
    )
    centre = torch.tensor([128.0, 0.0, 0.0], device=images.device).view(1, 3, 1, 1)
    return forth, torch.linalg.inv(forth), centre


FILTERS: dict[type[o.OperationOptions], Callable[..., Tensor]] = {
    o.Sharpness: sharpness,
    o.Blur: blur,
    o.Noise: noise,
    o.Cutout: cutout,
    o.Jpeg: jpeg,
}
