"""A convolutional variational autoencoder (arXiv:1312.6114)."""

import torch
from torch import Tensor, nn

from nevus.contracts import NevusError
from nevus.networks.gan_options import VaeOptions


class Vae(nn.Module):
    """Strided convolutions to a latent distribution; a dense layer and transposed convolutions back to pixels.

    Args:
        options: Its settings.
        size: Height and width H of the images in pixels.

    Attributes:
        latent: Length L of the latent vector.
        channels: Of what is decoded C: 3, or 1 for grey images.
    """

    def __init__(self, options: VaeOptions, *, size: int) -> None:
        super().__init__()
        self.latent, self.channels = options.latent, options.channels
        widths = [options.width * 2**stage for stage in range(options.depth)]
        base = size // 2**options.depth
        self.narrowest = (widths[-1], base, base)
        flat = widths[-1] * base**2
        down: list[nn.Module] = []
        for before, width in zip([options.channels, *widths], widths, strict=False):
            down += [nn.Conv2d(before, width, 4, stride=2, padding=1), nn.ReLU()]
        dense = [nn.Flatten(), nn.Linear(flat, options.hidden), nn.ReLU(), nn.Dropout(options.dropout)]
        self.encoder = nn.Sequential(*down, *dense)
        self.distribution = nn.Linear(options.hidden, 2 * options.latent)
        self.dense = nn.Sequential(
            nn.Linear(options.latent, options.hidden),
            nn.ReLU(),
            nn.Dropout(options.dropout),
            nn.Linear(options.hidden, flat),
            nn.ReLU(),
        )
        up: list[nn.Module] = []
        for before, width in zip(widths[::-1], [*widths[-2::-1], options.width], strict=True):
            up += [nn.ConvTranspose2d(before, width, 4, stride=2, padding=1), nn.ReLU()]
        self.decoder = nn.Sequential(*up, nn.Conv2d(options.width, options.channels, 3, padding=1))

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 3, H, W) in [-1, 1] to the (N, L) means and log variances of the latent distribution, float32.

        A network of one channel sees the mean of the three.
        """
        seen = images.mean(dim=1, keepdim=True) if self.channels == 1 else images
        mean, log_variance = self.distribution(self.encoder(seen)).float().chunk(2, dim=1)
        return mean, log_variance

    def decode(self, latent: Tensor) -> Tensor:
        """(N, L) to (N, C, H, W) float32 logits: of a pixel being white, or of its mean brightness in [0, 1]."""
        logits: Tensor = self.decoder(self.dense(latent).unflatten(1, self.narrowest)).float()
        return logits

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Encode, draw one latent vector an image (the mean in evaluation), decode.

        Args:
            images: (N, 3, H, W) in [-1, 1].

        Returns:
            (N, C, H, W) logits, and the (N, L) means and log variances.
        """
        mean, log_variance = self.encode(images)
        latent = mean + torch.randn_like(mean) * (log_variance / 2).exp() if self.training else mean
        return self.decode(latent), mean, log_variance

    def images(self, latent: Tensor) -> Tensor:
        """(N, L), from a standard normal distribution or of `encode`, to (N, 3, H, W) mean pixels in [-1, 1]."""
        return (self.decode(latent) / 2).tanh().expand(-1, 3, -1, -1)  # tanh(x / 2) is 2 sigmoid(x) - 1


def build_vae(options: VaeOptions, *, classes: int, size: int) -> Vae:
    """Build the autoencoder of images of this size; reached through `nevus.networks.build`.

    Args:
        options: Its settings.
        classes: Without influence.
        size: Height and width of the images in pixels.

    Raises:
        NevusError: The size cannot be halved `depth` times.
    """
    if size % 2**options.depth:
        raise NevusError(
            f"an autoencoder of {options.depth} stages takes images of a multiple of {2**options.depth} pixels, but "
            f"they have {size}. Lower its depth, or change ingestion.size."
        )
    return Vae(options, size=size)
