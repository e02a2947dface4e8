"""Parameters of inference; their values live in conf/base/parameters/inference.yml."""

from typing import Annotated, Literal

from pydantic import Field

from nevus.contracts import Options


class InferenceParams(Options):
    """Who scores images, and what is said of each.

    Attributes:
        model: Name of a finished run, such as `supervised/seed0` or `ensemble/seed0`; the id of a run in MLflow; or a
            registered model, such as `nevus@champion`.
        average_d4: Take the mean over the eight symmetries of the square, at eight times the time; null as the run was
            trained to, which is what its scores were measured with.
        prevalence: How frequent classes are where the images come from, such as {melanoma: 0.02}; the others share the
            rest as they did in the training. null leaves the probabilities as they were learnt.
        columns: What the table says beside the probabilities. decision: the class that is called, by the threshold
            that the run chose, or else `evaluation.threshold`; spread: the standard deviation of the probability over
            the members of an ensemble.
        precision: Of convolutions and matrix products. bfloat16 takes half the time on processors that multiply it
            (AVX-512 BF16, AMX), and moves probabilities in the third place behind the point.
        device: "cpu", "cuda", or "auto": a GPU if there is one.
    """

    model: str
    average_d4: bool | None
    prevalence: dict[str, Annotated[float, Field(gt=0, lt=1)]] | None
    columns: tuple[Literal["decision", "spread"], ...]
    precision: Literal["float32", "bfloat16"]
    device: Literal["auto", "cpu", "cuda"]
