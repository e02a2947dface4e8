"""Parameters of the generation; their values live in conf/base/parameters/generate.yml."""

from typing import Literal

from pydantic import Field

from nevus.contracts import Options


class GenerateParams(Options):
    """What a finished generator makes.

    Attributes:
        model: Name of a finished run, such as `synthesis/seed0`.
        weights: "best" (by the metric that chose) or "last".
        images: Number of images.
        classes: Names of the classes of which images are made in turn, by a generator that is told the class; null for
            all of them.
        truncation: Latent numbers further from 0 than this are drawn anew: images that differ less, and look more like
            usual ones; null leaves them.
        ways: Rows of the interpolation.
        steps: Images of a row, both ends included.
        device: "cpu", "cuda", or "auto": a GPU if there is one.
    """

    model: str
    weights: Literal["best", "last"]
    images: int = Field(ge=1, le=1_000_000)
    classes: tuple[str, ...] | None = Field(min_length=1)
    truncation: float | None = Field(gt=0, le=10)
    ways: int = Field(ge=1, le=50)
    steps: int = Field(ge=2, le=50)
    device: Literal["auto", "cpu", "cuda"]
