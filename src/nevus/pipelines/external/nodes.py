"""Score predictions that another program made, as those of any method."""

from __future__ import annotations

from typing import Any

from nevus.contracts import Classifier, Corpus, NevusError, Source, Table
from nevus.pipelines.beforehand import checked_by
from nevus.pipelines.external.params import ExternalParams

METHOD = "external"


def require_table(params: ExternalParams) -> None:
    """Refuse a call that names no table.

    Raises:
        NevusError: It says how to name one.
    """
    if params.predictions is None:
        raise NevusError(
            "external.predictions: name the table of predictions, such as --params "
            "external.predictions=mine.csv,external.name=theirs."
        )


@checked_by(require_table)
def read_predictions(handed: Source | None, test: Corpus, params: ExternalParams) -> Table:
    """Bring a table of predictions into the shape that every method's has.

    Args:
        handed: The table.
        test: The test split, for labels and lesions.
        params: Name of the run, for messages.

    Returns:
        One row a test image, as in `PREDICTION_COLUMNS`; seed 0.

    Raises:
        NevusError: No table is named.
        SourceError: The table cannot be read.
        CorpusError: It does not hold a probability from 0 to 1 for each test image, once.
    """
    from nevus.metrics.predictions import prediction_table, scored_rows
    from nevus.pipelines.external.table import probabilities_in, read

    require_table(params)
    if handed is None:
        raise NevusError("external.predictions names no table. Give --params external.predictions=mine.csv.")
    name, table = read(handed)
    predictions = prediction_table(test.manifest, probabilities_in(table, name, test.manifest, test.classes), seed=0)
    scored_rows(predictions, name)
    return predictions


def describe(training: Corpus, params: ExternalParams, seed: int, variant: str | None) -> Classifier:
    """Say of which corpus and by which parameters the predictions are scored; there is no network to look into.

    Args:
        training: The corpus without the test images.
        params: Of the scoring.
        seed: Names the run.
        variant: Names it too.

    Returns:
        A classifier without weights, whose spec has the `classes` and, where it is given, the `threshold`.
    """
    import numpy as np

    from nevus.pipelines.record import record_of

    spec: dict[str, Any] = {"classes": list(training.classes)}
    if params.threshold is not None:
        spec["threshold"] = params.threshold
    record = record_of(training, params, {}, method=METHOD, variant=variant, seed=seed)
    record["trained_elsewhere"] = True
    return Classifier({}, spec, np.empty((0, *training.pixels.shape[1:]), dtype=np.uint8), record)
