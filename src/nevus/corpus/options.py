"""What a user may set about splits, duplicates and originals.

The values are in conf/base/parameters/splits.yml, duplicates.yml and relink.yml.
"""

from typing import Literal

from pydantic import Field

from nevus.contracts import Options


class SplitOptions(Options):
    """Which images train, choose and test. A draw never parts images of one group (lesion or patient).

    Attributes:
        seed: Of every draw.
        test: official: as the source has it; hold_out: the source's own test split is dissolved, and a part of the
            labelled groups is drawn, stratified by class; prefer_official: as the source has it, and drawn where it has
            none.
        test_share: That part, of the labelled images of each class.
        validation: Likewise, from what the test split leaves; official may be none.
        validation_share: That part, of the labelled images of each class that the test split leaves.
        label_budget: Labelled images to keep of each class; the label of all others is hidden and they become
            unlabelled. Budgets are nested: what a small one keeps, a larger one keeps too. null keeps all.
        exact_duplicates: What happens to a training image with the bytes or pixels of a test or validation image, and
            to a validation image with those of a test image.
        near_duplicates: What happens to those that are nearly one of these.
        outliers: What happens to unlabelled images of unusual brightness, colour or sharpness.
        outlier_threshold: In robust standard deviations; see `nevus.corpus.outliers`.
    """

    seed: int = Field(ge=0, lt=2**32)
    test: Literal["official", "hold_out", "prefer_official"]
    test_share: float = Field(gt=0.0, lt=1.0)
    validation: Literal["official", "hold_out", "prefer_official"]
    validation_share: float = Field(gt=0.0, lt=1.0)
    label_budget: int | None = Field(ge=1)
    exact_duplicates: Literal["remove", "keep"]
    near_duplicates: Literal["remove", "keep"]
    outliers: Literal["remove", "keep"]
    outlier_threshold: float = Field(gt=0)


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
