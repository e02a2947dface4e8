"""What a user may set about the search for duplicates and originals.

The values are in conf/base/parameters/duplicates.yml and relink.yml.
"""

from pydantic import Field

from nevus.contracts import Options


class DuplicateOptions(Options):
    """When two images are one.

    Attributes:
        correlation: Thumbnails that correlate at least so are nearly the same; null looks for equal bytes only.
        hash_bits: Their perceptual hashes (64 bits, in the same symmetry) may differ in so many bits.
        max_pairs: Of near-duplicates, the most alike; bounds time and memory where all images look alike.
        block: Images compared at a time with as many others; bounds the memory, does not change the result.
    """

    correlation: float | None = Field(gt=0, le=1)
    hash_bits: int = Field(ge=0, le=64)
    max_pairs: int = Field(ge=1)
    block: int = Field(ge=1)


class RelinkOptions(Options):
    """When an image is taken for a copy of an original.

    Attributes:
        correlation: Of the thumbnails, at least.
        margin: The correlation is at least so much above that with any original of another lesion.
    """

    correlation: float = Field(gt=0, le=1)
    margin: float = Field(ge=0, le=1)
