"""Settings of the networks of a GAN: generators, and critics that give one score an image."""

from typing import Literal, Self

from pydantic import Field, model_validator

from nevus.contracts import Options


class GeneratorBase(Options):
    """What all generators have.

    Attributes:
        latent: Length of the latent vector, drawn from a standard normal distribution.
        conditional: Whether an image is drawn for a class, which is then given with its latent vector.
        resize: Height and width in pixels that the network makes before its images are resized to those of the corpus,
            or null for the same. For a corpus of 100 pixels: 104 (8 x 13) or 128.
    """

    latent: int = Field(ge=1, le=4096)
    conditional: bool
    resize: int | None = Field(ge=8, le=1024)


class CriticBase(Options):
    """What all critics have.

    Attributes:
        conditional: Whether an image is judged as one of a given class, by a projection (arXiv:1802.05637).
    """

    conditional: bool


class DcganOptions(GeneratorBase):
    """A stack of up-convolutions from a latent vector to an image in [-1, 1] (arXiv:1511.06434).

    Attributes:
        kind: "dcgan".
        width: Channels of the last stage; every earlier stage has twice as many.
        depth: Number of up-convolutions, each doubling the image: 3 go from 4x4 to 32x32, or from 8x8 to 64x64.
        upsample: "transposed" convolutions, as in the paper, or "resize": nearest neighbours and a convolution, against
            checkerboards (Odena, Dumoulin and Olah 2016, doi:10.23915/distill.00003).
    """

    kind: Literal["dcgan"]
    width: int = Field(ge=4, le=1024)
    depth: int = Field(ge=1, le=6)
    upsample: Literal["transposed", "resize"]


class DcganCriticOptions(CriticBase):
    """Strided convolutions, and a linear layer over all that they leave (arXiv:1511.06434).

    Attributes:
        kind: "dcgan_critic".
        width: Channels of the first stage; every later stage has twice as many.
        depth: Number of stages; each halves the image.
        norm: "none", "batch" normalisation, but of the first stage, as in the paper, or "spectral" normalisation of the
            weights (arXiv:1802.05957).
    """

    kind: Literal["dcgan_critic"]
    width: int = Field(ge=4, le=1024)
    depth: int = Field(ge=1, le=6)
    norm: Literal["none", "batch", "spectral"]


class ResidualCriticOptions(CriticBase):
    """Residual blocks (arXiv:1802.05957), with self-attention where asked for (arXiv:1805.08318).

    Attributes:
        kind: "residual_critic".
        width: Channels of the first stage; every later stage has twice as many.
        depth: Number of stages; each halves the image.
        norm: Of the weights: "none" or "spectral".
        pooling: Of the last features over the image: "sum", as in the papers, "mean", or "flatten" for none.
        attention: Height of the feature map that looks at itself as a whole, or null for none.
    """

    kind: Literal["residual_critic"]
    width: int = Field(ge=4, le=1024)
    depth: int = Field(ge=1, le=6)
    norm: Literal["none", "spectral"]
    pooling: Literal["sum", "mean", "flatten"]
    attention: int | None = Field(ge=2, le=64)


class ResidualGeneratorOptions(GeneratorBase):
    """Residual blocks (arXiv:1802.05957), with self-attention where asked for (arXiv:1805.08318).

    Attributes:
        kind: "residual_generator".
        width: Channels of the last block; every earlier block has twice as many.
        depth: Number of blocks, each doubling the image.
        norm: Of the weights, beside batch normalisation: "none" or "spectral".
        attention: Height of the feature map that looks at itself as a whole, or null for none.
    """

    kind: Literal["residual_generator"]
    width: int = Field(ge=4, le=1024)
    depth: int = Field(ge=1, le=6)
    norm: Literal["none", "spectral"]
    attention: int | None = Field(ge=2, le=64)


class StyleOptions(GeneratorBase):
    """A small style-based generator (arXiv:1912.04958), from 4x4 upwards.

    Attributes:
        kind: "style".
        style: Length of the style vector.
        layers: Of the mapping network.
        width: Channels at the last size; every smaller size has twice as many.
        widest: But never more.
    """

    kind: Literal["style"]
    style: int = Field(ge=4, le=1024)
    layers: int = Field(ge=1, le=16)
    width: int = Field(ge=4, le=1024)
    widest: int = Field(ge=4, le=1024)


class GroupedOptions(Options):
    """What both networks of R3GAN have (arXiv:2501.05441).

    Attributes:
        width: Channels at full size; every halving has twice as many.
        widest: But never more.
        blocks: Residual blocks a size.
        group: Channels of a group of the grouped convolutions; the paper has 16.
    """

    width: int = Field(ge=4, le=1024)
    widest: int = Field(ge=4, le=1024)
    blocks: int = Field(ge=1, le=8)
    group: int = Field(ge=1, le=1024)

    @model_validator(mode="after")
    def _groups_are_whole(self) -> Self:
        for name in ("width", "widest"):
            if 2 * getattr(self, name) % self.group:  # inside a block there are twice as many channels
                raise ValueError(f"has group {self.group}, which must divide 2 * {name} ({2 * getattr(self, name)})")
        return self


class R3ganOptions(GroupedOptions, GeneratorBase):
    """R3GAN's generator, from 4x4 upwards (arXiv:2501.05441).

    Attributes:
        kind: "r3gan".
    """

    kind: Literal["r3gan"]


class R3ganCriticOptions(GroupedOptions, CriticBase):
    """R3GAN's discriminator, down to 4x4 (arXiv:2501.05441).

    Attributes:
        kind: "r3gan_critic".
    """

    kind: Literal["r3gan_critic"]


class VaeOptions(Options):
    """A convolutional variational autoencoder (arXiv:1312.6114).

    Attributes:
        kind: "vae".
        latent: Length of the latent vector.
        channels: Of the images that it decodes: 3, or 1 for grey ones.
        width: Channels of the first stage; every later stage has twice as many.
        depth: Number of stages; each halves the image.
        hidden: Units of the dense layers on both sides of the latent vector.
        dropout: Probability of dropping one of them.
    """

    kind: Literal["vae"]
    latent: int = Field(ge=1, le=4096)
    channels: Literal[1, 3]
    width: int = Field(ge=4, le=1024)
    depth: int = Field(ge=1, le=6)
    hidden: int = Field(ge=4, le=65536)
    dropout: float = Field(ge=0, lt=1)
