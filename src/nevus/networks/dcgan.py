"""Generator and critic of DCGAN (arXiv:1511.06434)."""

from torch import Tensor, nn

from nevus.networks.conditions import batch_norm, conditioned
from nevus.networks.critics import CriticNetwork, ensure_halvings
from nevus.networks.discriminators import SLOPE, weight_wrapper
from nevus.networks.gan_options import DcganCriticOptions, DcganOptions
from nevus.networks.generators import GeneratorNetwork, first_size


class Dcgan(GeneratorNetwork):
    """Up-convolutions with batch normalisation and ReLU, to tanh (arXiv:1511.06434, section 3)."""

    def __init__(self, options: DcganOptions, *, classes: int, size: int) -> None:
        super().__init__(options, classes=classes, size=size)
        self.base = first_size(options, options.depth, size)
        widths = [options.width * 2**stage for stage in reversed(range(options.depth))]
        self.widest = widths[0] * 2
        self.project = nn.Linear(options.latent, self.widest * self.base**2)
        layers: list[nn.Module] = [batch_norm(self.widest, self.classes), nn.ReLU()]
        for before, width in zip([self.widest, *widths], widths, strict=False):
            layers += [*double(before, width, options.upsample), batch_norm(width, self.classes), nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        self.to_image = nn.Conv2d(widths[-1], 3, 3, padding=1)

    def draw(self, latent: Tensor, labels: Tensor | None) -> Tensor:
        """(N, L), and (N,) classes of a conditional generator, to (N, 3, R, R), unbounded."""
        x = self.project(latent).view(len(latent), self.widest, self.base, self.base)
        images: Tensor = self.to_image(conditioned(self.layers, x, labels))
        return images


def double(channels_in: int, channels_out: int, upsample: str) -> list[nn.Module]:
    """Twice the height and width."""
    if upsample == "transposed":
        return [nn.ConvTranspose2d(channels_in, channels_out, 4, stride=2, padding=1, bias=False)]
    return [nn.Upsample(scale_factor=2), nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False)]


class DcganCritic(CriticNetwork):
    """Strided convolutions with leaky ReLU, and a linear layer over all that they leave (section 3)."""

    def __init__(self, options: DcganCriticOptions, *, classes: int, size: int) -> None:
        ensure_halvings(options.depth, size, halvings=options.depth)
        wrap = weight_wrapper(options.norm)
        widths = [options.width * 2**stage for stage in range(options.depth)]
        features = widths[-1] * (size // 2**options.depth) ** 2
        super().__init__(options, features=features, classes=classes, wrap=wrap)
        layers: list[nn.Module] = []
        for stage, (before, width) in enumerate(zip([3, *widths], widths, strict=False)):
            normalised = options.norm == "batch" and stage > 0
            layers.append(wrap(nn.Conv2d(before, width, 4, stride=2, padding=1, bias=not normalised)))
            layers += [nn.BatchNorm2d(width)] if normalised else []
            layers.append(nn.LeakyReLU(SLOPE))
        self.layers = nn.Sequential(*layers)

    def embed(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) to (N, F): the last activations, flattened."""
        features: Tensor = self.layers(images).flatten(1)
        return features


def initialise(network: nn.Module) -> None:
    """Draw the weights of convolutions and batch normalisations as in arXiv:1511.06434, section 4."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d) and module.affine:
            nn.init.normal_(module.weight, 1.0, 0.02)


def build_dcgan(options: DcganOptions, *, classes: int, size: int) -> Dcgan:
    """Build the generator of images of this size; reached through `nevus.networks.build`.

    Raises:
        NevusError: The size cannot be reached by doubling `depth` times, or it is to be conditional on one class.
    """
    generator = Dcgan(options, classes=classes, size=size)
    initialise(generator)
    return generator


def build_dcgan_critic(options: DcganCriticOptions, *, classes: int, size: int) -> DcganCritic:
    """Build the critic of images of this size; reached through `nevus.networks.build`.

    Raises:
        NevusError: The image is too small to be halved `depth` times, or it is to be conditional on one class.
    """
    critic = DcganCritic(options, classes=classes, size=size)
    if options.norm != "spectral":  # which has a scale of its own, whatever the weights are drawn from
        initialise(critic)
    return critic
