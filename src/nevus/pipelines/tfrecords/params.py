"""Parameters of the TFRecord shards; their values live in conf/base/parameters/tfrecords.yml."""

from typing import Literal

from pydantic import Field

from nevus.augment.options import ViewPolicy
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
        mode: plain (each image once), augmented (with `copies` of each training image) or positives (with copies of
            the positives only, until the classes reach `ratio`). Validation, test and unlabelled images are always
            written as they are.
        copies: Augmented copies of each training image; read by the mode "augmented" only.
        ratio: Training images of each positive class wanted for each of the largest other class; a class that has more
            stays as it is. Read by the mode "positives" only, as is `positives`.
        positives: Names of the classes to augment; null for all but the largest.
        unlabeled: Whether unlabelled images are written too.
        seed: Of all copies.
        augment: How far a copy may be changed.
        check: How the images of shards are looked at.
    """

    mode: Literal["plain", "augmented", "positives"]
    copies: int = Field(ge=1, le=1000)
    ratio: float = Field(gt=0, le=100)
    positives: tuple[str, ...] | None
    unlabeled: bool
    seed: int = Field(ge=0, lt=2**31)
    augment: ViewPolicy
    check: CheckOptions
