"""Parameters of the export to ONNX; their values live in conf/base/parameters/onnx.yml."""

from pydantic import Field

from nevus.contracts import Options


class OnnxParams(Options):
    """What is exported.

    Attributes:
        model: Of a finished run: its name, such as `supervised/seed0` or `ensemble/seed0`, MLflow's id of it, or its
            name in MLflow's registry, such as `nevus@champion`.
        largest_difference: Of a probability from PyTorch's, as ONNX Runtime computes it; the export fails beyond it.
    """

    model: str
    largest_difference: float = Field(gt=0, le=0.01)
