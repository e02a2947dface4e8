"""Parameters of inference; their values live in conf/base/parameters/inference.yml."""

from nevus.contracts import Options


class InferenceParams(Options):
    """Who scores images.

    Attributes:
        model: Name of a finished run, such as `supervised/seed0` or `ensemble/seed0`.
    """

    model: str
