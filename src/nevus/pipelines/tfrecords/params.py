"""Parameters of the TFRecord shards; their values live in conf/base/parameters/tfrecords.yml."""

from pydantic import Field

from nevus.augment.options import CopiesOptions
from nevus.contracts import Options


class CheckOptions(Options):
    """How the images of shards are looked at.

    Attributes:
        size: Height and width of an image on the contact sheet, in pixels.
        rows: Rows of ten images of each class at most.
        max_pixels: Images with more pixels than this count as broken: a small file may unpack to gigabytes.
    """

    size: int = Field(ge=8, le=512)
    rows: int = Field(ge=1, le=100)
    max_pixels: int = Field(ge=1)


class TfrecordsParams(Options):
    """Which images are written, with which copies, and how shards are checked.

    Attributes:
        copies: Of training images; validation, test and unlabelled images are always written as they are.
        unlabeled: Whether unlabelled images are written too.
        check: How the images of shards are looked at.
    """

    copies: CopiesOptions
    unlabeled: bool
    check: CheckOptions
