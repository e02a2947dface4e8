"""What a calibration gave: on the test images for the probabilities, on the training images for their labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nevus.contracts import Classifier, Corpus, Figure, Table
from nevus.pipelines.calibration.nodes import arrays_of
from nevus.pipelines.calibration.params import CalibrationParams
from nevus.pipelines.reporting.params import EvaluationParams

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUSPECT_COLUMNS = ("image_id", "group_id", "given", "likeliest", "probability", "quality", "suspected")


def draw_before_and_after(
    options: EvaluationParams, classifier: Classifier, predictions: Table, baseline_predictions: Table
) -> Figure:
    """Draw whether probabilities of test images mean what they say, before and after the calibration."""
    from nevus.metrics.calibration import reliability_table
    from nevus.metrics.classification import claims
    from nevus.metrics.predictions import align
    from nevus.pipelines.reporting import scoring
    from nevus.plots.before_and_after import before_and_after

    classes = classifier.spec["classes"]
    aligned = align({"after": predictions, "before": baseline_predictions})
    how: dict[str, Any] = {"bins": options.calibration_bins, "confidence": options.confidence}
    after, before = (reliability_table(*claims(*scoring.arrays_of(table)), **how) for table in aligned.values())
    question = classes[1] if len(classes) == 2 else "the likeliest class"
    return before_and_after(before, after, question=question, confidence=options.confidence)


def cover(
    options: EvaluationParams, params: CalibrationParams, classifier: Classifier, held_out: Table, predictions: Table
) -> Table:
    """Learn prediction sets from out-of-fold predictions, and count how often they hold the truth of test images.

    Args:
        options: For the intervals.
        params: The coverage that is wanted.
        classifier: The calibrated one.
        held_out: Out-of-fold predictions, before the calibration.
        predictions: Of the calibrated run.

    Returns:
        `metrics.conformal.COVERAGE_COLUMNS`; without a row where no sets are wanted.

    Raises:
        NevusError: MAPIE is not installed.
        CorpusError: There are too few out-of-fold predictions for the coverage.
    """
    import pandas as pd

    from nevus.metrics.conformal import COVERAGE_COLUMNS, coverage_table, prediction_sets
    from nevus.metrics.predictions import scored_rows
    from nevus.pipelines.reporting.scoring import weights_of

    if params.coverage is None:
        return pd.DataFrame(columns=list(COVERAGE_COLUMNS))
    labels, probabilities, _ = arrays_of(held_out)
    rows = scored_rows(predictions, "the calibrated run")
    truth, said, _ = arrays_of(rows)
    sets = prediction_sets(labels, calibrated(classifier, probabilities), said, coverage=params.coverage)
    classes = classifier.spec["classes"]
    return coverage_table(truth, sets, weights_of(rows, options), classes=classes, confidence=options.confidence)


def draw_sets(options: EvaluationParams, params: CalibrationParams, coverage: Table) -> Figure:
    """Draw how often prediction sets say one class, and how often that it cannot be said."""
    from nevus.plots.prediction_sets import no_prediction_sets, prediction_sets

    if params.coverage is None or coverage.empty:
        return no_prediction_sets()
    return prediction_sets(coverage, wanted=params.coverage, confidence=options.confidence)


def rank_label_errors(classifier: Classifier, held_out: Table) -> Table:
    """Rank the labels of the training images by how likely they are wrong.

    Where images were dealt into folds several times, the mean of what was said of them counts.

    Args:
        classifier: The calibrated one.
        held_out: Out-of-fold predictions, before the calibration.

    Returns:
        One row an image, the most doubtful first: `image_id`, `group_id`, the label `given`, the class that is
        `likeliest` and its `probability`, `quality` (the probability of the given label) and whether it is `suspected`.
    """
    import numpy as np
    import pandas as pd

    from nevus.metrics.label_errors import rank_labels

    first = held_out.drop_duplicates("image_id").sort_values("image_id")
    _, probabilities, _ = arrays_of(held_out)
    said = (
        pd.DataFrame(calibrated(classifier, probabilities)).groupby(held_out["image_id"].to_numpy()).mean().to_numpy()
    )
    given = first["label"].to_numpy(dtype=np.int64)
    quality, suspected = rank_labels(given, said)
    names = np.array(classifier.spec["classes"], dtype=object)
    columns = (first["image_id"], first["group_id"], names[given], names[said.argmax(axis=1)], said.max(axis=1))
    table = pd.DataFrame(dict(zip(SUSPECT_COLUMNS, (*columns, quality, suspected), strict=True)))
    return table.sort_values(["quality", "image_id"], ignore_index=True)


def draw_label_errors(params: CalibrationParams, training: Corpus, label_errors: Table) -> Figure:
    """Show the images whose labels are the most doubtful."""
    from nevus.plots.label_gallery import label_gallery

    shown = label_errors.head(params.suspects)
    rows = training.manifest.set_index("image_id").loc[shown["image_id"], "row"].to_numpy()
    suspected, images = int(label_errors["suspected"].sum()), len(label_errors)
    title = f"The {len(shown)} most doubtful of {images:,} labels; framed: among the {suspected:,} suspected"
    return label_gallery(training.pixels[rows], shown, title=title)


def calibrated(classifier: Classifier, probabilities: NDArray[Any]) -> NDArray[Any]:
    """Apply the calibration of a classifier, if it has one, to (n, K) probabilities."""
    from nevus.metrics.recalibration import recalibrated

    calibration = classifier.spec.get("calibration")
    return probabilities if calibration is None else recalibrated(probabilities, calibration)
