"""Settings of the networks: what `conf/base/parameters` may say about their size and shape.

A network is told by its `kind`. A new kind is a model here and in one of the unions, a file that builds it, and a line
in `nevus.networks.build.KINDS`.
"""

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, RootModel, ValidationInfo, field_validator, model_validator

from nevus.contracts import Options
from nevus.networks.gan_options import (
    DcganCriticOptions,
    DcganOptions,
    R3ganCriticOptions,
    R3ganOptions,
    ResidualCriticOptions,
    ResidualGeneratorOptions,
    StyleOptions,
    VaeOptions,
)


class InputOptions(Options):
    """What every classifier network does to images before it looks at them.

    Attributes:
        normalisation: "none" (pixels stay in [-1, 1]), "imagenet" (mean and deviation of ImageNet, for pretrained
            weights), "sample" (every image to mean 0 and deviation 1) or "feature" (every colour channel to mean 0 and
            deviation 1 over the training images).
        resize: Height and width in pixels that the network sees, or null for those of the corpus.
        colour: "none" or "grey_world": the channels of every image are scaled to one mean, as if the light were white
            (Buchsbaum 1980).
        gamma: Exponent of the pixels in [0, 1], after `colour`: below 1 lightens the dark parts, 1 changes nothing.
    """

    normalisation: Literal["none", "imagenet", "sample", "feature"]
    resize: int | None = Field(ge=8, le=1024)
    colour: Literal["none", "grey_world"]
    gamma: float = Field(ge=0.1, le=10)

    def without_start(self) -> Self:
        """The same network without what only the start of its training needs: what a saved classifier says of it."""
        return self


class ConvolutionalOptions(InputOptions):
    """A small convolutional classifier; in a GAN its logits also tell real from generated.

    Attributes:
        width: Channels of the first stage; every later stage has twice as many.
        depth: Number of stages; each halves the image.
        blocks: Convolutions or residual blocks a stage.
        norm: Of the weights: "none", "weight" (arXiv:1602.07868) or "spectral" (arXiv:1802.05957); there is no batch
            normalisation.
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


class PreactivationOptions(InputOptions):
    """Pre-activation residual blocks with batch normalisation (arXiv:1603.05027).

    Attributes:
        kind: "preactivation".
        stem_stride: Of the first convolution: 2 halves the image at once, 1 keeps its size.
        widths: Channels of the stages; each but the first halves the image.
        blocks: Residual blocks a stage.
        dropout: Probability of dropping a pooled feature before the linear head.
    """

    kind: Literal["preactivation"]
    stem_stride: Literal[1, 2]
    widths: tuple[Annotated[int, Field(ge=4, le=4096)], ...] = Field(min_length=1, max_length=6)
    blocks: int = Field(ge=1, le=32)
    dropout: float = Field(ge=0, lt=1)


class WideResnetOptions(InputOptions):
    """A wide residual network, WRN-depth-width (arXiv:1605.07146).

    Attributes:
        kind: "wide_resnet".
        stem_stride: Of the first convolution: 1 as in the paper, 2 for a quarter of the cost.
        depth: Convolutions in all, 6n + 4 for n blocks in each of the three stages: 10, 16, 22, 28, ...
        width: Factor on the 16, 32 and 64 channels of the stages.
        dropout: Probability of dropping a value between the two convolutions of a block.
    """

    kind: Literal["wide_resnet"]
    stem_stride: Literal[1, 2]
    depth: int = Field(ge=10, le=100)
    width: int = Field(ge=1, le=32)
    dropout: float = Field(ge=0, lt=1)

    @field_validator("depth")
    @classmethod
    def _has_whole_blocks(cls, depth: int) -> int:
        if (depth - 4) % 6:
            below = depth - (depth - 4) % 6
            raise ValueError(f"must be 4 more than a multiple of 6, such as {below} or {below + 6}")
        return depth


class SmallCnnOptions(InputOptions):
    """Two convolutions and four poolings.

    Attributes:
        kind: "small_cnn".
        width: Channels of the first convolution; the second has twice as many.
        dropout: Probability of dropping a feature before the linear head.
    """

    kind: Literal["small_cnn"]
    width: int = Field(ge=4, le=1024)
    dropout: float = Field(ge=0, lt=1)


class DeconvolutionOptions(InputOptions):
    """Blocks of convolution and pooling, then blocks of transposed convolution.

    Attributes:
        kind: "deconvolution".
        width: Channels of the first block; every later one that halves the image has twice as many.
        depth: Blocks that halve the image.
        up: Blocks that double it again, each with half as many channels as the one before.
        dropout: Probability of dropping a value at the end of every block.
    """

    kind: Literal["deconvolution"]
    width: int = Field(ge=4, le=1024)
    depth: int = Field(ge=1, le=6)
    up: int = Field(ge=0, le=6)
    dropout: float = Field(ge=0, lt=1)

    @field_validator("up")
    @classmethod
    def _no_more_than_down(cls, up: int, info: ValidationInfo) -> int:
        if up > (depth := info.data.get("depth", up)):
            raise ValueError(f"must be no more than depth, which is {depth}")
        return up


class TimmOptions(InputOptions):
    """One of timm's networks: https://huggingface.co/docs/timm.

    Attributes:
        kind: "timm".
        name: As timm knows it, such as "resnet50" or "tf_efficientnet_lite0".
        stem: "default", or for ResNets "small": 3x3 with stride 1 and no pooling, for images of few pixels.
        hidden: Units of a dense layer with ReLU before the linear one, or null for none.
        dropout: Probability of dropping a value before each layer of the head.
        drop_path: Largest probability of skipping a block (arXiv:1603.09382).
        weights: What the training starts from: null (random), "imagenet" (from a package or timm's hub), or the path of
            a file. What was saved needs it no more.
        sha256: Checksum that the file must have, or null.
    """

    kind: Literal["timm"]
    name: str
    stem: Literal["default", "small"]
    hidden: int | None = Field(ge=1, le=65536)
    dropout: float = Field(ge=0, lt=1)
    drop_path: float = Field(ge=0, lt=1)
    weights: str | None = Field(min_length=1)
    sha256: str | None = Field(pattern="^[0-9a-fA-F]{64}$")

    @model_validator(mode="after")
    def _weights_fit(self) -> Self:
        if self.weights == "imagenet" and self.stem == "small":
            raise ValueError("has weights imagenet, which know no stem small. Set stem to default, or weights to null")
        return self

    def without_start(self) -> Self:
        """The same network, its weights no longer to be fetched."""
        return self.model_copy(update={"weights": None, "sha256": None})


DiscriminatorOptions: TypeAlias = Annotated[ResidualOptions | PlainOptions, Field(discriminator="kind")]
NetworkOptions: TypeAlias = Annotated[
    ResidualOptions
    | PlainOptions
    | PreactivationOptions
    | WideResnetOptions
    | SmallCnnOptions
    | DeconvolutionOptions
    | TimmOptions,
    Field(discriminator="kind"),
]
# Those of a GAN and the autoencoder have their models in `gan_options`.
GeneratorOptions: TypeAlias = Annotated[
    DcganOptions | ResidualGeneratorOptions | StyleOptions | R3ganOptions, Field(discriminator="kind")
]
CriticOptions: TypeAlias = Annotated[
    DcganCriticOptions | ResidualCriticOptions | R3ganCriticOptions, Field(discriminator="kind")
]
AnyOptions: TypeAlias = Annotated[
    NetworkOptions | GeneratorOptions | CriticOptions | VaeOptions, Field(discriminator="kind")
]


class Networks(RootModel[dict[str, NetworkOptions]]):
    """The block `networks`: whole blocks by name, for methods to take over."""


class Generators(RootModel[dict[str, GeneratorOptions]]):
    """The block `generators`, likewise."""


class Critics(RootModel[dict[str, CriticOptions]]):
    """The block `critics`, likewise."""
