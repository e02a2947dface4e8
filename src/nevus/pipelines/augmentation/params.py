"""Parameters of the look at the augmentation; their values live in conf/base/parameters/augmentation.yml."""

from pydantic import Field

from nevus.contracts import Options


class AugmentationParams(Options):
    """What is shown and measured.

    Attributes:
        images: Rows of each sheet, at most: training images, of each class as many.
        views: Draws beside each image.
        measured: Training images at most that the table of colours is made of.
        seed: Of every draw.
    """

    images: int = Field(ge=1, le=50)
    views: int = Field(ge=1, le=50)
    measured: int = Field(ge=10)
    seed: int = Field(ge=0, lt=2**31)
