"""Settings of the networks: what `conf/base/parameters` may say about their size and shape."""

from typing import Literal

from pydantic import Field

from nevus.contracts import Options


class DiscriminatorOptions(Options):
    """A convolutional classifier; in a GAN its logits also tell real from generated.

    Attributes:
        architecture: "plain" (strided convolutions) or "residual" (pre-activation residual blocks).
        width: Channels of the first stage; every later stage has twice as many.
        depth: Number of stages; each halves the image.
        blocks: Convolutions or residual blocks a stage.
        norm: Of the weights: "none", "weight" (arXiv:1602.07868) or "spectral" (arXiv:1802.05957). There is no batch
            normalisation: its statistics would mix generated images into the classifier.
        dropout: Probability of dropping a pooled feature before the linear head.
    """

    architecture: Literal["plain", "residual"]
    width: int = Field(ge=4, le=1024)
    depth: int = Field(ge=1, le=6)
    blocks: int = Field(ge=1, le=8)
    norm: Literal["none", "weight", "spectral"]
    dropout: float = Field(ge=0, lt=1)


class GeneratorOptions(Options):
    """A stack of up-convolutions from a latent vector to an image in [-1, 1].

    Attributes:
        latent: Length of the latent vector, drawn from a standard normal distribution.
        width: Channels of the last stage; every earlier stage has twice as many.
        depth: Number of up-convolutions, each doubling the image: 3 go from 4x4 to 32x32, or from 8x8 to 64x64.
    """

    latent: int = Field(ge=1, le=4096)
    width: int = Field(ge=4, le=1024)
    depth: int = Field(ge=1, le=6)
