"""Scores with intervals, and differences on the same resampled test sets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from nevus.contracts import METRIC_COLUMNS, Table
from nevus.pipelines.reporting.params import EvaluationParams

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nevus.metrics.intervals import Estimate

DIFFERENCE_COLUMNS = ("one", "other", "metric", "difference", "low", "high", "p_value")
MCNEMAR_COLUMNS = ("only_one", "only_other", "mcnemar_p_value")


def arrays_of(table: Table) -> tuple[NDArray[Any], NDArray[Any]]:
    """Labels (n,) and probabilities (n,) or (n, K) of checked prediction rows."""
    from nevus.metrics.predictions import probabilities_of

    return table["label"].to_numpy(), probabilities_of(table)


def weights_of(table: Table, options: EvaluationParams) -> NDArray[Any]:
    """Resample the same test sets wherever the same images are asked for."""
    from nevus.metrics.intervals import resample

    groups = table["group_id"].astype("object").to_numpy()
    return resample(table["label"].to_numpy(), groups, replicates=options.replicates, seed=options.seed)


def estimates_of(
    aligned: Mapping[str, Table], options: EvaluationParams, thresholds: Mapping[str, float] = MappingProxyType({})
) -> dict[str, dict[str, Estimate]]:
    """Every score of every method, by its name, on the same resampled test sets.

    Args:
        aligned: Predictions of the same images in the same order, by name, from `metrics.predictions.align`.
        options: Bootstrap, bins and the threshold of those that have no other.
        thresholds: Those chosen for single methods, by name.
    """
    from nevus.metrics.intervals import estimate

    weights = weights_of(next(iter(aligned.values())), options)
    return {
        name: estimate(
            *arrays_of(table),
            weights,
            threshold=thresholds.get(name, options.threshold),
            bins=options.calibration_bins,
        )
        for name, table in aligned.items()
    }


def score_rows(
    estimates: Mapping[str, Mapping[str, Estimate]], roles: Mapping[str, str], options: EvaluationParams
) -> Table:
    """A row a method and score, `METRIC_COLUMNS`; `roles` has those of all methods."""
    import pandas as pd

    rows = [
        (name, roles[name], metric, one.value, *one.interval(options.confidence))
        for name, scores in estimates.items()
        for metric, one in scores.items()
    ]
    return pd.DataFrame(rows, columns=list(METRIC_COLUMNS))


def difference_rows(
    estimates: Mapping[str, Mapping[str, Estimate]], pairs: Iterable[tuple[str, str]], options: EvaluationParams
) -> Table:
    """A row a pair of methods and score: `one` minus `other`, `DIFFERENCE_COLUMNS`."""
    import pandas as pd

    from nevus.metrics.intervals import paired_difference

    rows = [
        (one, other, metric, *paired_difference(found, estimates[other][metric], confidence=options.confidence))
        for one, other in pairs
        for metric, found in estimates[one].items()
    ]
    return pd.DataFrame(rows, columns=list(DIFFERENCE_COLUMNS))


def with_mcnemar(differences: Table, aligned: Mapping[str, Table], thresholds: Mapping[str, float]) -> Table:
    """Put McNemar's test of the decisions beside each difference in accuracy.

    Args:
        differences: `DIFFERENCE_COLUMNS`, from `difference_rows`.
        aligned: Predictions of the same images in the same order, by name.
        thresholds: Above which probability each calls the second of two classes.

    Returns:
        The same with `MCNEMAR_COLUMNS`: images that only the one calls rightly, that only the other does, and the
        p-value; null where the metric is another.
    """
    import pandas as pd

    from nevus.metrics.classification import called
    from nevus.metrics.mcnemar import mcnemar

    right = {}
    for name, table in aligned.items():
        labels, probabilities = arrays_of(table)
        right[name] = called(probabilities, thresholds[name]) == labels
    tests = [
        mcnemar(right[one], right[other]) if metric == "accuracy" else (None, None, math.nan)
        for one, other, metric in differences[["one", "other", "metric"]].itertuples(index=False, name=None)
    ]
    table = pd.DataFrame(tests, columns=list(MCNEMAR_COLUMNS), index=differences.index)
    return differences.join(table.astype({"only_one": "Int64", "only_other": "Int64", "mcnemar_p_value": float}))
