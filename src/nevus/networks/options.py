"""Settings of the networks: what `conf/base/parameters` may say about their size and shape.

A network is told by its `kind`. A new kind is a model here and in one of the unions, a file that builds it, and a line
in `nevus.networks.build.KINDS`.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from nevus.contracts import Options


class InputOptions(Options):
    """What every classifier network does to images before it looks at them.

    Attributes:
        normalisation: "none" (pixels stay in [-1, 1]), "imagenet" (mean and deviation of ImageNet, for pretrained
            weights), "sample" (every image to mean 0 and deviation 1) or "feature" (every colour channel to mean 0 and
            deviation 1 over the training images).
        resize: Height and width in pixels that the network sees, or null for those of the corpus.
    """

    normalisation: Literal["none", "imagenet", "sample", "feature"]
    resize: int | None = Field(ge=8, le=1024)


class ConvolutionalOptions(InputOptions):
    """A small convolutional classifier; in a GAN its logits also tell real from generated.

    Attributes:
        width: Channels of the first stage; every later stage has twice as many.
        depth: Number of stages; each halves the image.
        blocks: Convolutions or residual blocks a stage.
        norm: Of the weights: "none", "weight" (arXiv:1602.07868) or "spectral" (arXiv:1802.05957). There is no batch
            normalisation: its statistics would mix generated images into the classifier.
        dropout: Probability of dropping a pooled feature before the linear head.
    """

    width: int = Field(ge=4, le=1024)
    depth: int = Field(ge=1, le=6)
    blocks: int = Field(ge=1, le=8)
    norm: Literal["none", "weight", "spectral"]
    dropout: float = Field(ge=0, lt=1)


class ResidualOptions(ConvolutionalOptions):
    """Pre-activation residual blocks (arXiv:1603.05027).

    Attributes:
        kind: "residual".
    """

    kind: Literal["residual"]


class PlainOptions(ConvolutionalOptions):
    """Strided convolutions (arXiv:1511.06434).

    Attributes:
        kind: "plain".
    """

    kind: Literal["plain"]


class DcganOptions(Options):
    """A stack of up-convolutions from a latent vector to an image in [-1, 1] (arXiv:1511.06434).

    Attributes:
        kind: "dcgan".
        latent: Length of the latent vector, drawn from a standard normal distribution.
        width: Channels of the last stage; every earlier stage has twice as many.
        depth: Number of up-convolutions, each doubling the image: 3 go from 4x4 to 32x32, or from 8x8 to 64x64.
    """

    kind: Literal["dcgan"]
    latent: int = Field(ge=1, le=4096)
    width: int = Field(ge=4, le=1024)
    depth: int = Field(ge=1, le=6)


NetworkOptions: TypeAlias = Annotated[ResidualOptions | PlainOptions, Field(discriminator="kind")]
GeneratorOptions: TypeAlias = DcganOptions
AnyOptions: TypeAlias = Annotated[NetworkOptions | GeneratorOptions, Field(discriminator="kind")]
