"""Parameters of the search for originals."""

from pydantic import Field

from nevus.corpus.options import RelinkOptions


class RelinkParams(RelinkOptions):
    """When an image is taken for a copy of an original (see `RelinkOptions`), and when that says enough.

    Attributes:
        max_unknown_share: Largest share of training and validation images without a known lesion with which test
            images may be called without a sibling: each of the unknown may be one.
    """

    max_unknown_share: float = Field(ge=0, le=1)
