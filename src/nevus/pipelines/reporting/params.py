"""Parameters of the evaluation; their values live in conf/base/parameters."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from nevus.contracts import Options


class EvaluationParams(Options):
    """How predictions are scored.

    Attributes:
        replicates: Bootstrap test sets; 2,000 take well under a second for some hundred images.
        confidence: Of all intervals, such as 0.95.
        seed: Of the bootstrap.
        calibration_bins: Intervals of equal width for the calibration error and the reliability diagram.
        threshold: Of two classes the second is called above this probability, where a run chose no threshold on its
            training images; fixed before looking at the test images. Of more than two the likeliest is called, and
            this is not used.
        prevalences: Shares of the second of two classes for which predictive values and net benefit are reported, such
            as those of a screening, of a clinic, and of a test set of equal classes.
    """

    replicates: int = Field(ge=100)
    confidence: float = Field(gt=0, lt=1)
    seed: int = Field(ge=0)
    calibration_bins: int = Field(ge=2)
    threshold: float = Field(ge=0, le=1)
    prevalences: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(min_length=1)


class SubgroupParams(Options):
    """Which parts of the test set are scored apart.

    Attributes:
        age_bands: The age in years at which each band but the lowest begins, rising.
        few: With fewer lesions or patients of a class than this, a group is too small to say anything.
        most: Groups of an attribute; where there are more values, the rarest become "others".
    """

    age_bands: tuple[int, ...] = Field(min_length=1)
    few: int = Field(ge=1)
    most: int = Field(ge=2)

    @field_validator("age_bands")
    @classmethod
    def _rising(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if list(value) != sorted(set(value)) or value[0] <= 0:
            raise ValueError(
                f"ages at which bands begin must be above 0 and rise, such as [30, 50]; found {list(value)}"
            )
        return value
