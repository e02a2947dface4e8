"""The operations that policies are made of, as data: each has a name and ranges.

A new operation is a model here, a member of `Operation`, and a function beside those of its sort: `geometry.py`,
`colour.py`, `filters.py`, `overlays.py` or `mixing.py`.
"""

from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import AfterValidator, Field

from nevus.contracts import Options


def within(low: float, high: float) -> Any:
    """The type of a range [lowest, highest] inside these limits; a draw is evenly between its ends."""

    def check(limits: tuple[float, float]) -> tuple[float, float]:
        first, last = limits
        if first > last:
            raise ValueError(f"is reversed; write [lowest, highest]: [{last:g}, {first:g}]")
        if not low <= first <= last <= high:
            raise ValueError(f"should lie between {low:g} and {high:g}")
        return limits

    return Annotated[tuple[float, float], AfterValidator(check)]


class OperationOptions(Options):
    """What all operations have.

    Attributes:
        name: Of the operation.
        probability: Share of the images that are changed.
    """

    differentiable: ClassVar[bool] = True
    mixes: ClassVar[bool] = False

    probability: float = Field(default=1.0, gt=0, le=1)


class Square(OperationOptions):
    """One of the eight symmetries of the square (dermoscopy has no up and no left)."""

    name: Literal["square"]


class HorizontalFlip(OperationOptions):
    """Left and right exchanged, in half of the images that are changed."""

    name: Literal["horizontal_flip"]


class VerticalFlip(OperationOptions):
    """Top and bottom exchanged, in half of the images that are changed."""

    name: Literal["vertical_flip"]


class Rotate(OperationOptions):
    """A turn about the centre.

    Attributes:
        degrees: Of the turn.
    """

    name: Literal["rotate"]
    degrees: within(-180, 180)  # type: ignore[valid-type]


class Shear(OperationOptions):
    """Rows shifted against each other.

    Attributes:
        degrees: Of the slant.
    """

    name: Literal["shear"]
    degrees: within(-45, 45)  # type: ignore[valid-type]


class Scale(OperationOptions):
    """A zoom about the centre.

    Attributes:
        factor: Above 1 enlarges what is seen; drawn evenly in its logarithm.
    """

    name: Literal["scale"]
    factor: within(0.2, 5)  # type: ignore[valid-type]


class Shift(OperationOptions):
    """A shift to a side and, independently, up or down.

    Attributes:
        share: Of the image side.
    """

    name: Literal["shift"]
    share: within(-0.5, 0.5)  # type: ignore[valid-type]


class Crop(OperationOptions):
    """A part of the image, enlarged to all of it (arXiv:1409.4842, section 6).

    Attributes:
        area: Share of the image's area.
        aspect: Width by height, drawn evenly in its logarithm.
    """

    name: Literal["crop"]
    area: within(0.05, 1)  # type: ignore[valid-type]
    aspect: within(0.5, 2)  # type: ignore[valid-type]


class Brightness(OperationOptions):
    """All channels times a factor, counted from black.

    Attributes:
        factor: 1 changes nothing, 0 is black.
    """

    name: Literal["brightness"]
    factor: within(0, 4)  # type: ignore[valid-type]


class Contrast(OperationOptions):
    """The distance from the image's mean grey times a factor.

    Attributes:
        factor: 1 changes nothing, 0 is even grey.
    """

    name: Literal["contrast"]
    factor: within(0, 4)  # type: ignore[valid-type]


class Saturation(OperationOptions):
    """The distance from the pixel's grey times a factor.

    Attributes:
        factor: 1 changes nothing, 0 is without colour.
    """

    name: Literal["saturation"]
    factor: within(0, 4)  # type: ignore[valid-type]


class Hue(OperationOptions):
    """A turn of the colours about the grey axis that keeps the luma of each pixel.

    Attributes:
        degrees: Of the turn; 180 exchanges complementary colours.
    """

    name: Literal["hue"]
    degrees: within(-180, 180)  # type: ignore[valid-type]


class Sharpness(OperationOptions):
    """The distance from a smoothed image times a factor.

    Attributes:
        factor: 1 changes nothing, 0 is smooth.
    """

    name: Literal["sharpness"]
    factor: within(0, 4)  # type: ignore[valid-type]


class Blur(OperationOptions):
    """A Gaussian blur.

    Attributes:
        deviation: Of the Gaussian, as a share of the image side.
    """

    name: Literal["blur"]
    deviation: within(0, 0.1)  # type: ignore[valid-type]


class Noise(OperationOptions):
    """Independent Gaussian noise in every pixel and channel.

    Attributes:
        deviation: As a share of the range from black to white.
    """

    name: Literal["noise"]
    deviation: within(0, 0.5)  # type: ignore[valid-type]


class Cutout(OperationOptions):
    """A square set to the image's mean colour, anywhere (arXiv:1708.04552, section 3).

    Attributes:
        side: As a share of the image side.
    """

    name: Literal["cutout"]
    side: within(0, 0.9)  # type: ignore[valid-type]


class Jpeg(OperationOptions):
    """What saving as JPEG leaves: blocks of eight pixels and rings at edges.

    Attributes:
        quality: 100 is best.
    """

    differentiable = False

    name: Literal["jpeg"]
    quality: within(1, 100)  # type: ignore[valid-type]


class Hair(OperationOptions):
    """Dark curved lines across the image.

    Attributes:
        count: Of the hairs; whole numbers.
        width: As a share of the image side.
    """

    name: Literal["hair"]
    count: within(0, 64)  # type: ignore[valid-type]
    width: within(0, 0.1)  # type: ignore[valid-type]


class Ruler(OperationOptions):
    """The dark ticks of a measuring rod near an edge.

    Attributes:
        spacing: Between two ticks, as a share of the image side.
    """

    name: Literal["ruler"]
    spacing: within(0.02, 0.5)  # type: ignore[valid-type]


class Mixup(OperationOptions):
    """A weighted mean of two images and of their targets (arXiv:1710.09412, section 2).

    Attributes:
        alpha: Of the beta distribution of the weight; the smaller, the nearer to 0 or 1.
    """

    mixes = True

    name: Literal["mixup"]
    alpha: float = Field(gt=0, le=10)


class Cutmix(OperationOptions):
    """A rectangle of one image in another, the targets mixed by area (arXiv:1905.04899, section 3).

    Attributes:
        alpha: Of the beta distribution of the share that stays.
    """

    mixes = True

    name: Literal["cutmix"]
    alpha: float = Field(gt=0, le=10)


Operation: TypeAlias = Annotated[
    Square
    | HorizontalFlip
    | VerticalFlip
    | Rotate
    | Shear
    | Scale
    | Shift
    | Crop
    | Brightness
    | Contrast
    | Saturation
    | Hue
    | Sharpness
    | Blur
    | Noise
    | Cutout
    | Jpeg
    | Hair
    | Ruler
    | Mixup
    | Cutmix,
    Field(discriminator="name"),
]
