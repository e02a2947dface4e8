"""Parameters of the explanation of one image; their values live in conf/base/parameters/explain.yml."""

from typing import Literal

from pydantic import Field

from nevus.contracts import Options


class ExplainParams(Options):
    """Whose answer is explained.

    Attributes:
        model: As `inference.model`.
        neighbours: Labelled training images that are shown.
        device: "cpu", "cuda", or "auto": a GPU if there is one.
    """

    model: str
    neighbours: int = Field(ge=1, le=20)
    device: Literal["auto", "cpu", "cuda"]
