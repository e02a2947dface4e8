"""What a user may set about the embedded data sets; the values are in conf/base/parameters/ingestion.yml."""

from pydantic import Field

from nevus.contracts import Options


class PhantomOptions(Options):
    """The phantom: dermoscopy-like drawings, not patients.

    Attributes:
        seed: Everything drawn follows from it.
        labeled: Images with a label to train on, half of them melanoma.
        unlabeled: Images whose label and diagnosis are hidden.
        test: Images to test on, half of them melanoma.
        unlabeled_melanoma_share: Share of melanoma among the unlabelled images.
        overlap: How alike the classes are: 0 = hardly any overlap, 1 = both drawn from the same distributions. The
            distance between the class means of every attribute shrinks with 1 - overlap.
    """

    seed: int = Field(ge=0, lt=2**32)
    labeled: int = Field(ge=4, le=50_000)
    unlabeled: int = Field(ge=0, le=200_000)
    test: int = Field(ge=4, le=50_000)
    unlabeled_melanoma_share: float = Field(ge=0.0, le=1.0)
    overlap: float = Field(ge=0.0, le=1.0)
