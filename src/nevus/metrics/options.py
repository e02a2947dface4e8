"""Settings of the metrics of generated images."""

from pydantic import Field

from nevus.contracts import Options


class ImageQualityOptions(Options):
    """How distributions of features are compared.

    Attributes:
        neighbours: The k-th nearest neighbour of an image bounds what counts as near it, for precision, recall, density
            and coverage; 3 in arXiv:1904.06991, 5 in arXiv:2002.09797.
        subsets: The kernel distance is the mean over so many draws of images.
        subset_size: Images of each draw; all images where there are fewer.
    """

    neighbours: int = Field(ge=1, le=1000)
    subsets: int = Field(ge=1, le=10_000)
    subset_size: int = Field(ge=2, le=10_000)


class MemorisationOptions(Options):
    """When a generated image counts as a copy of a training image.

    Attributes:
        quantile: Share of held-out real images that lie as near a training image; 0.01 is usual.
        confidence: Of the interval of the rate, such as 0.95.
    """

    quantile: float = Field(gt=0, lt=0.5)
    confidence: float = Field(gt=0, lt=1)


class TroubleOptions(Options):
    """When to warn of a GAN that has gone wrong.

    Attributes:
        least_diversity: Mean distance between two generated images, and of each to the nearest other one, as shares of
            those of real ones.
        told_apart: Share of pairs whose real image is scored above the generated one; 0.5 where they cannot be told
            apart, 1 where the discriminator has won.
        rows: Of the history, up to the last one, in all of which it is so.
    """

    least_diversity: float = Field(ge=0, le=1)
    told_apart: float = Field(gt=0.5, le=1)
    rows: int = Field(ge=1, le=100_000)
