"""Parameters of the cross-validation."""

from pydantic import Field, field_validator

from nevus.contracts import Options


class CrossValidationParams(Options):
    """How choices are made without the test split.

    Attributes:
        methods: Which to train; names in `nevus.pipelines.methods`.
        folds: Parts of the labelled images; lesions are never split.
        repeats: How often the images are dealt anew.
        seed: Of the dealing.
        look_every: Steps between two scores on the held-out part.
    """

    methods: list[str] = Field(min_length=1)
    folds: int = Field(ge=2)
    repeats: int = Field(ge=1)
    seed: int = Field(ge=0, lt=2**31)
    look_every: int = Field(ge=1)

    @field_validator("methods")
    @classmethod
    def _registered(cls, names: list[str]) -> list[str]:
        from nevus.pipelines.methods import METHODS

        if unknown := [name for name in names if name not in METHODS]:
            raise ValueError(f"names '{unknown[0]}', which is no method; methods: {', '.join(METHODS)}")
        return names
