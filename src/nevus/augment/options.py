"""Settings of the augmentation: how far an image may be changed and still be the same lesion."""

from pydantic import Field

from nevus.contracts import Options


class AugmentOptions(Options):
    """Strength of every random change; 0 turns one off. All are drawn anew for each image.

    Attributes:
        flip: Whether to draw one of the eight symmetries of the square (dermoscopy has no up and no left).
        rotation: Largest further rotation, in degrees.
        scale: Largest zoom in or out, as a share: 0.1 draws factors from 1/1.1 to 1.1, evenly in their logarithm.
        shear: Largest shear, in degrees.
        translation: Largest shift, as a share of the image side.
        brightness: Largest shift of all channels, in units of the image's range of 2 (from -1 to 1).
        contrast: Largest change of the distance from the image's mean, as a share.
        saturation: Largest change of the distance from the pixel's grey, as a share.
        cutout: Side of a square set to the image's mean colour, as a share of the image side.
    """

    flip: bool
    rotation: float = Field(ge=0, le=180)
    scale: float = Field(ge=0, le=1)
    shear: float = Field(ge=0, le=45)
    translation: float = Field(ge=0, le=0.5)
    brightness: float = Field(ge=0, le=1)
    contrast: float = Field(ge=0, le=1)
    saturation: float = Field(ge=0, le=2)
    cutout: float = Field(ge=0, le=0.9)
