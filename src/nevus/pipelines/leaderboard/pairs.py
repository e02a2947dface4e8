"""Methods compared image by image: the same test images, the same seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from nevus.contracts import Table, TrackingStore
from nevus.pipelines.leaderboard.params import LeaderboardParams
from nevus.pipelines.leaderboard.predicted import ONCE, Predicted, TestImages
from nevus.pipelines.leaderboard.ranking import of_data_sets
from nevus.pipelines.leaderboard.runs import DATA, FLOOR
from nevus.pipelines.reporting.params import EvaluationParams

if TYPE_CHECKING:
    from nevus.metrics.intervals import Difference

_ERRORS = ("error_images", "error_seeds")
INTERVAL_COLUMNS = (*DATA, "method", "role", "paired_seeds", "low", "high", *_ERRORS, "note")
PAIR_COLUMNS = (
    *(*DATA, "method", "role", "other", "seeds", "difference", "low", "high", "p_value"),
    *(*_ERRORS, "standing"),
)


def compare_all(
    store: TrackingStore, runs: Table, means: Table, options: LeaderboardParams, scoring: EvaluationParams
) -> tuple[Table, Table]:
    """Compare the methods of each data set with the best one and with the floors.

    Args:
        store: That the predictions are read from.
        runs: As from `runs.runs_table`.
        means: As from `ranking.means_table`.
        options: How many are compared, by which metric.
        scoring: Bootstrap, bins and threshold.

    Returns:
        `INTERVAL_COLUMNS`, a row a method, and `PAIR_COLUMNS`, a row a pair.
    """
    import pandas as pd

    intervals: list[dict[str, Any]] = []
    pairs: list[dict[str, Any]] = []
    for key, rows in of_data_sets(means):
        images, known = TestImages(store, options.rank_by, scoring), dict(zip(DATA, key, strict=True))
        here = runs[(runs[list(DATA)] == list(key)).all(axis=1)]
        chosen = rows[rows["rank"].isna() | (rows["rank"] <= options.compared)]
        by_name = dict(iter(here.groupby(["method", "role"])))
        methods = [images.read(name, by_name[name]) for name in zip(chosen["method"], chosen["role"], strict=True)]
        intervals += [known | _interval(images, one, scoring) for one in methods]
        pairs += [known | row for row in _pairs(images, methods, options, scoring)]
    return pd.DataFrame(intervals, columns=list(INTERVAL_COLUMNS)), pd.DataFrame(pairs, columns=list(PAIR_COLUMNS))


def _interval(images: TestImages, one: Predicted, scoring: EvaluationParams) -> dict[str, Any]:
    import numpy as np

    from nevus.metrics.over_seeds import spread

    row: dict[str, Any] = {"method": one.name[0], "role": one.name[1], "note": one.note}
    row["paired_seeds"] = len(one.probabilities)
    if one.probabilities:
        found = images.estimate(one, list(one.probabilities))
        row |= dict(zip(("low", "high"), found.interval(scoring.confidence), strict=True))
        errors = spread(found.replicates, np.array(list(one.scores.values())))
        row |= dict(zip(_ERRORS, errors, strict=True))
    return row


def _pairs(
    images: TestImages, methods: Sequence[Predicted], options: LeaderboardParams, scoring: EvaluationParams
) -> Iterator[dict[str, Any]]:
    """Each method beside the best one and beside each floor."""
    trained = [one for one in methods if one.name[1] != FLOOR]
    floors = [one for one in methods if one.name[1] == FLOOR]
    for one in trained:
        for other in [trained[0], *floors]:
            seeds = _common(one, other)
            if one is not other and seeds:
                row = {"method": one.name[0], "role": one.name[1], "other": other.name[0], "seeds": len(seeds)}
                yield row | _difference(images, one, other, seeds, options.rank_by, scoring.confidence)


def _common(one: Predicted, other: Predicted) -> dict[str, str]:
    """The seeds that can be paired, and the seed of the other that each is paired with."""
    once = list(other.probabilities) == [ONCE]
    return {seed: ONCE if once else seed for seed in one.probabilities if once or seed in other.probabilities}


def _difference(
    images: TestImages, one: Predicted, other: Predicted, seeds: dict[str, str], metric: str, confidence: float
) -> dict[str, Any]:
    import numpy as np

    from nevus.metrics.over_seeds import difference_over_seeds

    by_seed = np.array([one.scores[seed] - other.scores[against] for seed, against in seeds.items()])
    estimates = images.estimate(one, list(seeds)), images.estimate(other, list(dict.fromkeys(seeds.values())))
    difference, errors = difference_over_seeds(*estimates, by_seed, confidence=confidence)
    row = dict(zip(("difference", "low", "high", "p_value", *_ERRORS), (*difference, *errors), strict=True))
    return row | {"standing": standing(difference, errors.both, metric, confidence)}


def standing(difference: Difference, error: float, metric: str, confidence: float) -> str:
    """Ahead or behind where neither other test images nor other seeds explain the difference.

    The interval over the images has to leave out 0, and the difference to exceed the normal quantile times the error
    of images and seeds together.
    """
    from scipy.stats import norm

    from nevus.metrics.titles import title
    from nevus.pipelines.reporting.wording import UNDECIDED

    if difference.low <= 0 <= difference.high or abs(difference.value) <= norm.ppf((1 + confidence) / 2) * error:
        return UNDECIDED
    return "ahead" if (title(metric).better or 1) * difference.value > 0 else "behind"
