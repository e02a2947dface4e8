"""Parameters of the scoring of somebody's predictions; their values live in conf/base/parameters/external.yml."""

from __future__ import annotations

from pydantic import Field

from nevus.contracts import Options


class ExternalParams(Options):
    """A table of predictions that another program made.

    Attributes:
        predictions: The table, CSV, Excel or parquet; a path.
        name: What the run is called by, behind `external-`; null for the variant of the call, if it has one.
        threshold: Above which probability that program calls the second of two classes, chosen without a look at these
            test images; null for `evaluation.threshold`.
    """

    predictions: str | None
    name: str | None
    threshold: float | None = Field(ge=0, le=1)
