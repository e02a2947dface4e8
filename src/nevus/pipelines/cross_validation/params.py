"""Parameters of the cross-validation."""

from typing import Literal

from pydantic import Field

from nevus.contracts import Options


class CrossValidationParams(Options):
    """How choices are made without the test split.

    Attributes:
        methods: Which to train.
        folds: Parts of the labelled images; lesions are never split.
        repeats: How often the images are dealt anew.
        seed: Of the dealing.
        look_every: Steps between two scores on the held-out part.
    """

    methods: list[Literal["supervised", "ssgan"]] = Field(min_length=1)
    folds: int = Field(ge=2)
    repeats: int = Field(ge=1)
    seed: int = Field(ge=0, lt=2**31)
    look_every: int = Field(ge=1)
