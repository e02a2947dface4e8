"""What the runs of a data set said of its test images, brought into one order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from nevus.contracts import NevusError, Table, TrackingStore
from nevus.pipelines.reporting.params import EvaluationParams

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nevus.metrics.intervals import Estimate

TOLERANCE = 1e-6  # of a score, between what was tracked and what the predictions give
SAME = ("image_id", "split", "label")  # where these are those of the first table, so are the test images
ONCE = ""  # the seed of what knows none


class Predicted(NamedTuple):
    """What the runs of a method said of the test images.

    Attributes:
        name: Of the method, and its role.
        probabilities: (n,) or (n, K) by the seed.
        scores: As tracked, by the seed.
        note: What could not be had, and why; "" where all could.
    """

    name: tuple[str, str]
    probabilities: Mapping[str, NDArray[Any]]
    scores: Mapping[str, float]
    note: str


class TestImages:
    """The test images of one data set, in the order of the first table that is read, and what was said of them.

    Args:
        store: That the tables are read from.
        metric: That is compared.
        scoring: Bootstrap, bins and threshold.
    """

    __test__ = False  # no test, whatever pytest thinks of the name

    def __init__(self, store: TrackingStore, metric: str, scoring: EvaluationParams) -> None:
        self._store, self._metric, self._scoring = store, metric, scoring
        self._first: Any = None  # the table that gives the order
        self._images: Any = None  # the index of their ids
        self._labels: Any = None
        self._tested: Any = None  # which rows of the first table are of test images
        self._columns: list[str] = []  # of its probabilities
        self._weights: Any = None
        self._known: dict[tuple[Any, ...], Estimate] = {}

    def read(self, name: tuple[str, str], runs: Table) -> Predicted:
        """The predictions of the runs of one method; what is not fit for a comparison is left out and said."""
        found, scores, problems = {}, {}, []
        columns = (runs[column] for column in ("seed", "run", "artifacts", "file", self._metric))
        for seed, run, artifacts, file, tracked in zip(*columns, strict=True):
            try:
                found[seed] = self._read(run, self._store.predictions(artifacts, file), tracked)
                scores[seed] = tracked
            except NevusError as error:
                problems.append(f"{run}: {error}")
        return Predicted(name, found, scores, _note(problems, len(runs)))

    def estimate(self, predicted: Predicted, seeds: Sequence[str]) -> Estimate:
        """The mean over these seeds, and the same on resampled test sets."""
        import numpy as np

        key = (predicted.name, *seeds)
        if key not in self._known:
            probabilities = np.stack([predicted.probabilities[seed] for seed in seeds])
            self._known[key] = self._score(probabilities, self._weights)
        return self._known[key]

    def _read(self, run: str, table: Table, tracked: float) -> NDArray[Any]:
        """The probabilities of one run, in the order of the first table.

        Raises:
            NevusError: They cannot be scored, are of other images, or are not those that were scored.
        """
        if self._first is None:
            self._start(table, run)
        probabilities = self._taken(table, run)
        value = self._score(probabilities[None], self._weights[:1]).value
        if abs(value - tracked) > TOLERANCE:
            raise NevusError(f"its predictions give {self._metric} {value:.4f}, but {tracked:.4f} was tracked")
        return probabilities

    def _start(self, table: Table, name: str) -> None:
        """Take this table's order."""
        import pandas as pd

        from nevus.metrics.predictions import probability_columns, scored_rows
        from nevus.pipelines.reporting.scoring import weights_of

        rows = scored_rows(table, name)
        self._images, self._labels = pd.Index(rows["image_id"]), rows["label"].to_numpy()
        self._weights, self._first = weights_of(rows, self._scoring), table
        self._tested = (table["split"] == "test").to_numpy()
        found = [str(name) for name in table.columns if str(name).startswith("probability")]
        self._columns = probability_columns(max(2, len(found)))

    def _taken(self, table: Table, name: str) -> NDArray[Any]:
        """The probabilities of a table, in the order of the first one."""
        import pandas as pd

        from nevus.metrics.predictions import probabilities_of, scored_rows

        if list(table.columns) == list(self._first.columns) and all(
            table[column].equals(self._first[column]) for column in SAME
        ):  # saves most of the time of a thousand tables
            found = self._as_in_the_first(table)
            if ((found >= 0) & (found <= 1)).all():
                return found
        rows = scored_rows(table, name)
        order = pd.Index(rows["image_id"]).get_indexer(self._images)
        if len(rows) != len(self._images) or (order < 0).any():
            raise NevusError("its test images are not those of the first method")
        if (rows["label"].to_numpy()[order] != self._labels).any():
            raise NevusError("its test images have other labels than those of the first method")
        probabilities: NDArray[Any] = probabilities_of(rows)[order]
        if probabilities.shape[1:] != self._as_in_the_first(self._first).shape[1:]:
            raise NevusError("it tells other classes apart than the first method")
        return probabilities

    def _as_in_the_first(self, table: Table) -> NDArray[Any]:
        """As `probabilities_of`, of the test images, in a table of the same rows and columns."""
        import numpy as np

        values = [table[name].to_numpy(dtype=np.float64)[self._tested] for name in self._columns]
        return values[0] if len(values) == 1 else np.stack(values, axis=1)

    def _score(self, probabilities: NDArray[Any], weights: NDArray[Any]) -> Estimate:
        from nevus.metrics.over_seeds import estimate_over_seeds

        how = {"threshold": self._scoring.threshold, "bins": self._scoring.calibration_bins}
        return estimate_over_seeds(self._labels, probabilities, weights, metric=self._metric, **how)


def _note(problems: Sequence[str], runs: int) -> str:
    """One sentence on runs that could not be compared."""
    if not problems:
        return ""
    which = "no run" if len(problems) == runs else f"only {runs - len(problems)} of {runs} runs"
    return f"{which} could be compared image by image; {problems[0]}"
