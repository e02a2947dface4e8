"""Generators: from a latent vector to an image."""

import torch
from torch import Tensor, nn

from nevus.contracts import NevusError
from nevus.networks.options import DcganOptions


class Generator(nn.Module):
    """Up-convolutions with batch normalisation and ReLU, to tanh (arXiv:1511.06434, section 3)."""

    def __init__(self, options: DcganOptions, *, size: int) -> None:
        super().__init__()
        self.latent = options.latent
        self.base = size // 2**options.depth
        widths = [options.width * 2**stage for stage in reversed(range(options.depth))]
        self.widest = widths[0] * 2
        self.project = nn.Linear(options.latent, self.widest * self.base**2)
        layers: list[nn.Module] = [nn.BatchNorm2d(self.widest), nn.ReLU()]
        for before, width in zip([self.widest, *widths], widths, strict=False):
            layers += [nn.ConvTranspose2d(before, width, 4, stride=2, padding=1, bias=False)]
            layers += [nn.BatchNorm2d(width), nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        self.to_image = nn.Conv2d(widths[-1], 3, 3, padding=1)

    def forward(self, latent: Tensor) -> Tensor:
        """(N, L) from a standard normal distribution to (N, 3, H, W) in [-1, 1]."""
        x = self.project(latent).view(len(latent), self.widest, self.base, self.base)
        return torch.tanh(self.to_image(self.layers(x)))


def build_generator(options: DcganOptions, *, classes: int, size: int) -> Generator:
    """Build the generator of images of this size, with DCGAN's initialisation (arXiv:1511.06434, section 4).

    Reached through `nevus.networks.build`.

    Args:
        options: Its settings.
        classes: Number of classes; without influence, since the images are drawn from all of them.
        size: Height and width of the images in pixels.

    Raises:
        NevusError: The size cannot be reached by doubling `depth` times.
    """
    if size % 2**options.depth:
        raise NevusError(
            f"a generator of {options.depth} up-convolutions makes images of a multiple of {2**options.depth} pixels, "
            f"but the images have {size}. Change the depth of the method's generator (such as "
            "ssgan.generator.depth) or ingestion.size."
        )
    generator = Generator(options, size=size)
    for module in generator.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
    return generator
