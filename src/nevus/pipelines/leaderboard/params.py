"""Parameters of the leaderboard; their values live in conf/base/parameters/reporting.yml."""

from pydantic import Field

from nevus.contracts import Options


class LeaderboardParams(Options):
    """Which tracked runs are compared, and by what.

    Attributes:
        experiments: Names of MLflow experiments; empty: the one that the project tracks its runs in.
        methods: Patterns of names such as `fixmatch*`; baselines and rungs go by their own, such as
            `labeled_only, baseline of ssgan`.
        datasets: Patterns of names of data sets.
        rank_by: The metric that ranks the methods and is compared, such as `auc`.
        metrics: Those that are shown beside it.
        compared: How many methods of a data set, from the best downwards, are compared image by image. Each costs
            reading the predictions of all its runs.
    """

    experiments: tuple[str, ...]
    methods: tuple[str, ...] = Field(min_length=1)
    datasets: tuple[str, ...] = Field(min_length=1)
    rank_by: str = Field(min_length=1)
    metrics: tuple[str, ...]
    compared: int = Field(ge=1)

    @property
    def shown(self) -> list[str]:
        """All metrics, the one that ranks first."""
        return list(dict.fromkeys([self.rank_by, *self.metrics]))
