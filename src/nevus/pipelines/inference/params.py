"""Parameters of inference; their values live in conf/base/parameters/inference.yml."""

from typing import Annotated

from pydantic import Field

from nevus.contracts import Options


class InferenceParams(Options):
    """Who scores images.

    Attributes:
        model: Name of a finished run, such as `supervised/seed0` or `ensemble/seed0`.
        prevalence: How frequent classes are where the images come from, such as {melanoma: 0.02}; the others share the
            rest as they did in the training. null leaves the probabilities as they were learnt.
    """

    model: str
    prevalence: dict[str, Annotated[float, Field(gt=0, lt=1)]] | None
