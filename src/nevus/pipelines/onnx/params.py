"""Parameters of the export to ONNX; their values live in conf/base/parameters/onnx.yml."""

from pydantic import Field

from nevus.contracts import Options


class OnnxParams(Options):
    """What is exported.

    Attributes:
        model: Name of a finished run, such as `supervised/seed0` or `ensemble/seed0`.
        largest_difference: Of a probability from PyTorch's, as ONNX Runtime computes it; the export fails beyond it.
    """

    model: str
    largest_difference: float = Field(gt=0, le=0.01)
