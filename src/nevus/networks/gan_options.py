"""Settings of the networks of a GAN: generators, and critics that give one score an image."""

from typing import Literal

from pydantic import Field

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
