"""Parameters of the calibration; their values live in conf/base/parameters/calibration.yml."""

from typing import Literal

from pydantic import Field

from nevus.contracts import Options


class ThresholdOptions(Options):
    """Above which probability the second of two classes is called.

    Attributes:
        rule: "youden" (largest sensitivity + specificity), "sensitivity" (the highest that still finds this share of
            the second class), "cost_ratio" (least cost), or "fixed", which leaves it at `evaluation.threshold`.
        sensitivity: For the rule of that name.
        cost_ratio: For the rule of that name: how many false alarms a missed image of the second class weighs.
    """

    rule: Literal["youden", "sensitivity", "cost_ratio", "fixed"]
    sensitivity: float = Field(gt=0, le=1)
    cost_ratio: float = Field(gt=0, allow_inf_nan=False)


class CalibrationParams(Options):
    """What is learnt from out-of-fold predictions of the training images.

    Attributes:
        model: Name of a finished run, such as `supervised/seed0`.
        kind: "temperature"; "isotonic", for two classes and some thousand images; or "none", which leaves the
            probabilities and chooses the threshold only.
        threshold: Only of two classes; of more the likeliest is called.
        coverage: In what share of cases the truth shall be among the classes of a prediction set, such as 0.9; null
            makes no such sets, which need the extra `conformal`.
        suspects: How many of the likeliest label errors the page shows.
    """

    model: str
    kind: Literal["temperature", "isotonic", "none"]
    threshold: ThresholdOptions
    coverage: float | None = Field(gt=0, lt=1)
    suspects: int = Field(ge=1, le=200)
