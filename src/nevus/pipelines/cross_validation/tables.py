"""Scores and out-of-fold predictions of a cross-validation as tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from nevus.contracts import Corpus, Options, Table

SCORE_COLUMNS = ("method", "repeat", "fold", "step", "accuracy", "auc")


def tables_of(
    done: Mapping[str, Mapping[str, Any]], method: str, training: Corpus, params: Options
) -> tuple[Table, Table]:
    """Scores and predictions of the folds that are done.

    Args:
        done: By fold: `repeat`, `fold`, `seed`, `held_out` (positions among the labelled images), `scores` (a row a
            step) and `probabilities` ((n, K), of the last step).
        method: Name in the registry.
        training: The corpus without the test split.
        params: Of the method. They and the fingerprint of the corpus are kept with every prediction, so that nobody
            takes it for one of another training.
    """
    import numpy as np
    import pandas as pd

    from nevus.metrics.predictions import prediction_table

    labeled = training.manifest[training.manifest["split"] == "labeled"]
    origin = {"method": method, "corpus": training.fingerprint, "parameters": as_text(params)}
    scores: list[dict[str, Any]] = []
    nothing = prediction_table(labeled.iloc[:0], np.zeros((0, len(training.classes))), seed=0)
    predictions = [nothing.assign(**dict.fromkeys(origin, ""), repeat=0, fold=0)]
    for one in done.values():
        place = {"repeat": one["repeat"], "fold": one["fold"]}
        scores += [{"method": method, **place, **row} for row in one["scores"]]
        table = prediction_table(labeled.iloc[one["held_out"]], np.array(one["probabilities"]), seed=one["seed"])
        predictions.append(pd.DataFrame({**origin, **place}, index=table.index).join(table))
    return pd.DataFrame(scores, columns=list(SCORE_COLUMNS)), pd.concat(predictions[1:] or predictions)


def as_text(params: Options) -> str:
    """The parameters of a method as JSON."""
    return json.dumps(params.model_dump(mode="json"))


def collect_predictions(*tables: Table) -> tuple[Table, dict[str, Table]]:
    """Put the out-of-fold predictions of all methods into one table, and keep those of each for its calibration.

    Args:
        tables: Of a method each, as `cross_validate` returns them; those of methods not asked for are empty.

    Returns:
        One row a method, repeat and labelled image; and the rows of each method by its name.
    """
    import pandas as pd

    whole = pd.concat([table for table in tables if len(table)], ignore_index=True)
    return whole, {str(method): rows.reset_index(drop=True) for method, rows in whole.groupby("method", sort=False)}
