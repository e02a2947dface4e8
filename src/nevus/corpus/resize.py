"""From any shape to a square of one size, the same way for every image, however it was decoded."""

import math
from typing import Literal, TypeAlias

from PIL import Image

Policy: TypeAlias = Literal["squash", "crop", "pad"]

# A JPEG may be decoded at 1/2 or 1/4 as long as each side stays this much larger than wanted: with less to spare, the
# final resize would take single pixels instead of means. At 1/8 libjpeg uses one number of 64, which errs twice as much
# as 1/4 and is hardly quicker. docs/explanation/decoding.md has the measurements.
SPARE = 1.2
LARGEST_REDUCTION = 4


def target(width: float, height: float, size: int, policy: Policy) -> tuple[int, int]:
    """Width and height that the image itself takes within the square.

    Args:
        width: Of the upright image, in pixels.
        height: Likewise.
        size: Side of the square, in pixels.
        policy: squash, crop or pad.

    Returns:
        Both are `size`, except that an image to be padded keeps its shape: its longer side is `size`.
    """
    if policy != "pad":
        return size, size
    scale = size / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def enough(width: int, height: int, size: int, policy: Policy) -> tuple[int, int]:
    """Smallest width and height at which a JPEG may be decoded for `fit`, given its own."""
    wide, high = target(width, height, size, policy)
    over = 2 * LARGEST_REDUCTION  # the next reduction that libjpeg has; any larger size keeps it from that
    return max(math.ceil(SPARE * wide), width // over + 1), max(math.ceil(SPARE * high), height // over + 1)


def fit(
    image: Image.Image,
    size: int,
    policy: Policy,
    *,
    extent: tuple[float, float] | None = None,
    turn: Image.Transpose | None = None,
) -> Image.Image:
    """Bring an image to a square by an antialiased triangle filter (Pillow's BILINEAR).

    Args:
        image: RGB.
        size: Side of the square, in pixels.
        policy: squash (the whole image, whatever its shape), crop (the largest square in the middle) or pad (the whole
            image in the middle of a black square).
        extent: Width and height that hold the picture where that is not the whole image: one decoded at 1/4 ends
            within its last pixel.
        turn: What brings the image upright, done when it is small.

    Returns:
        RGB, `size` by `size`, upright.
    """
    width, height = extent or image.size
    box = (0.0, 0.0, width, height)
    if policy == "crop":
        side = min(width, height)
        left, top = (width - side) / 2, (height - side) / 2
        box = (left, top, left + side, top + side)
    wanted = target(width, height, size, policy)
    if image.size != wanted or box != (0, 0, *wanted):
        image = image.resize(wanted, Image.Resampling.BILINEAR, box=box)
    if turn is not None:
        image = image.transpose(turn)
    return image if image.size == (size, size) else _padded(image, size)


def _padded(image: Image.Image, size: int) -> Image.Image:
    square = Image.new("RGB", (size, size))
    square.paste(image, ((size - image.width) // 2, (size - image.height) // 2))
    return square
