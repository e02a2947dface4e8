"""Parameters of the ensemble; their values live in conf/base/parameters/ensemble.yml."""

from pydantic import Field

from nevus.contracts import Options


class EnsembleParams(Options):
    """Which finished runs are averaged.

    Attributes:
        members: Names of runs, such as `transfer/seed0`, or patterns of them, such as `supervised/seed*`.
    """

    members: tuple[str, ...] = Field(min_length=1)
