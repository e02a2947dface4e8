"""Nodes that score, draw and report. `run` and `against` name the run and the baseline it is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nevus.contracts import METRIC_COLUMNS, Corpus, CorpusError, Figure, Pixels, Table
from nevus.pipelines.reporting.params import EvaluationParams

if TYPE_CHECKING:
    import numpy as np

    from nevus.plots.roc import RocEntry

_COMPARISON_COLUMNS = ("metric", "other", "difference", "low", "high", "p_value")
_REAL_IMAGES = 64


def evaluate(
    options: EvaluationParams,
    method: Table,
    baseline: Table,
    majority: Table,
    colour_svm: Table,
    *,
    run: str,
    against: str,
) -> tuple[Table, Table]:
    """Score a run beside its baseline and the floors, on the same resampled test sets.

    Args:
        options: Bootstrap, bins and threshold.
        method: Predictions of the run; only the test split is read, here and in the other tables.
        baseline: Predictions of the baseline.
        majority: Predictions of the majority floor.
        colour_svm: Predictions of the colour floor.
        run: Name of the run.
        against: Name of the baseline.

    Returns:
        Scores with intervals (`METRIC_COLUMNS`; `metrics.classification.score` says which), and the run minus each of
        the others (`metric`, `other`, `difference`, `low`, `high`, `p_value`).

    Raises:
        CorpusError: If a table cannot be scored, a class has no test image, or the tables differ in their test images.
    """
    import pandas as pd

    from nevus.metrics.intervals import estimate, paired_difference
    from nevus.metrics.predictions import align

    aligned = align({run: method, against: baseline, "majority": majority, "colour_svm": colour_svm})
    roles = dict(zip(aligned, ("method", "baseline", "floor", "floor"), strict=True))
    weights = _weights(aligned[run], options)
    estimates = {
        name: estimate(*_arrays(table), weights, threshold=options.threshold, bins=options.calibration_bins)
        for name, table in aligned.items()
    }
    scores = [
        (name, roles[name], metric, found.value, *found.interval(options.confidence))
        for name, metrics in estimates.items()
        for metric, found in metrics.items()
    ]
    differences = [
        (metric, other, *paired_difference(found, estimates[other][metric], confidence=options.confidence))
        for other in list(aligned)[1:]
        for metric, found in estimates[run].items()
    ]
    return pd.DataFrame(scores, columns=list(METRIC_COLUMNS)), pd.DataFrame(
        differences, columns=list(_COMPARISON_COLUMNS)
    )


def draw_roc(
    options: EvaluationParams,
    training: Corpus,
    metrics: Table,
    method: Table,
    baseline: Table,
    majority: Table,
    colour_svm: Table,
    *,
    run: str,
    against: str,
) -> Figure:
    """Draw ROC curves: with two classes of the run beside its baseline and the floors, with more one a class."""
    import numpy as np

    from nevus.metrics.intervals import roc_band
    from nevus.metrics.predictions import align
    from nevus.pipelines.reporting.wording import display, roc_title
    from nevus.plots.roc import RocBand, RocEntry, roc

    aligned = align({run: method, against: baseline, "majority": majority, "colour_svm": colour_svm})
    areas = metrics[metrics["metric"] == "auc"].set_index("method")
    weights = _weights(aligned[run], options)
    title = roc_title(aligned[run], areas.loc[run], run, training.classes)
    if len(training.classes) > 2:
        entries = _class_entries(aligned[run], weights, training.classes, options)
        return roc(entries, None, title=title, question=("other", "the class's"), confidence=options.confidence)
    roles, aucs = areas["role"], areas[["value", "low", "high"]]
    entries = [
        RocEntry(display(name), roles[name], *_arrays(table), tuple(aucs.loc[name])) for name, table in aligned.items()
    ]
    grid = np.linspace(0.0, 1.0, 101)
    band = RocBand(grid, *roc_band(*_arrays(aligned[run]), weights, grid=grid, confidence=options.confidence))
    negative, positive = training.classes
    return roc(entries, band, title=title, question=(negative, positive), confidence=options.confidence)


def draw_confusion(options: EvaluationParams, training: Corpus, method: Table, *, run: str) -> Figure:
    """Draw how many test images of each class the run calls what: at the fixed threshold, or as the likeliest class."""
    from nevus.metrics.classification import called
    from nevus.metrics.predictions import scored_rows
    from nevus.pipelines.reporting.wording import display
    from nevus.plots.confusion import confusion

    labels, probabilities = _arrays(scored_rows(method, run))
    decided = called(probabilities, options.threshold)
    return confusion(labels, decided, classes=training.classes, name=display(run), threshold=options.threshold)


def draw_reliability(options: EvaluationParams, training: Corpus, method: Table, *, run: str) -> Figure:
    """Draw whether the run's probabilities mean what they say; with more than two classes, that of the likeliest."""
    from nevus.metrics.calibration import calibration_error, reliability_table
    from nevus.metrics.classification import claims
    from nevus.metrics.predictions import scored_rows
    from nevus.pipelines.reporting.wording import display
    from nevus.plots.reliability import reliability

    claimed = claims(*_arrays(scored_rows(method, run)))
    table = reliability_table(*claimed, bins=options.calibration_bins, confidence=options.confidence)
    error = calibration_error(*claimed, bins=options.calibration_bins)
    return reliability(table, classes=training.classes, name=display(run), error=error, confidence=options.confidence)


def draw_curves(history: Table, *, run: str) -> Figure:
    """Draw what was logged while the run trained."""
    from nevus.pipelines.reporting.wording import display
    from nevus.plots.curves import curves

    return curves(history, name=display(run))


def draw_samples(training: Corpus, generated: Pixels, *, run: str) -> Figure:
    """Draw training images, taken at even distances from the corpus, beside generated ones."""
    import numpy as np

    from nevus.pipelines.reporting.wording import display
    from nevus.plots.samples import samples

    rows = np.sort(training.manifest.loc[training.manifest["split"] != "test", "row"].to_numpy(dtype=np.intp))
    chosen = rows[np.linspace(0, len(rows) - 1, min(len(rows), _REAL_IMAGES)).astype(np.intp)]
    return samples(training.pixels[chosen], generated, name=display(run))


def write_report(
    options: EvaluationParams,
    training: Corpus,
    metrics: Table,
    comparison: Table,
    method: Table,
    corpus_summary: Table,
    ingestion: Any,
    splits: Any,
    classifier: Any,
    parameters: Any,
    *,
    run: str,
    against: str,
    **figures: bytes,
) -> str:
    """Write one page that answers whether the run earns its place, and shows on what grounds.

    Args:
        options: How the run was scored.
        training: The corpus without the test split, for the names of the classes.
        metrics: Scores with intervals, from `evaluate`.
        comparison: Paired differences, from `evaluate`.
        method: Predictions of the run, for the number of test images.
        corpus_summary: Any table that describes the data; shown as it is.
        ingestion: Parameters of the data, a model or nested dict, like the next three.
        splits: Parameters of what trains, chooses and tests.
        classifier: Parameters that the run shares with its baseline.
        parameters: Parameters of the run itself.
        run: Name of the run.
        against: Name of the baseline.
        figures: PNG or GIF bytes by name; captions come from `wording.FIGURES`.

    Returns:
        HTML that needs no other file.

    Raises:
        CorpusError: The run was scored on images that now train: the splits are not those of the run.
    """
    from nevus.metrics.predictions import scored_rows
    from nevus.pipelines.page import render
    from nevus.pipelines.reporting import wording
    from nevus.pipelines.reporting.classes import decision, question
    from nevus.pipelines.reporting.verdict import verdict

    parameters_used = wording.flatten(
        {run: parameters, "classifier": classifier, "splits": splits, "ingestion": ingestion, "evaluation": options}
    )
    rows = scored_rows(method, run)
    _require_unseen(rows, training, run)
    return render(
        __package__,
        "report.html.j2",
        title=f"{wording.display(run)}: {question(training.classes)}",
        verdict=verdict(metrics, comparison, run, options),
        test_set=wording.describe_test_set(rows, training.classes),
        warnings=wording.few_groups(rows, training.classes),
        decision=decision(training.classes, options.threshold),
        run=wording.display(run),
        against=wording.display(against),
        options=options,
        metric_titles=wording.metric_titles(metrics, training.classes),
        scores=wording.score_table(metrics),
        differences=wording.difference_table(comparison),
        figures=wording.embed(figures, training.classes),
        summary_columns=[str(column) for column in corpus_summary.columns],
        summary_rows=[[wording.cell(value) for value in row] for row in corpus_summary.itertuples(index=False)],
        parameters=parameters_used,
        data_format=dict(parameters_used).get("ingestion.format", ""),
    )


def _require_unseen(rows: Table, training: Corpus, run: str) -> None:
    """Refuse predictions of other splits than the present ones, such as after an ingestion with other options."""
    trains = rows["image_id"].isin(training.manifest["image_id"])
    if trains.any():
        raise CorpusError(
            f"Of the {len(rows):,} images that {run} was scored on, {int(trains.sum()):,} train or choose by the "
            "present splits, which were changed since. Train again, or ingest with the parameters of the training."
        )


def _arrays(table: Table) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    from nevus.metrics.predictions import probabilities_of

    return table["label"].to_numpy(), probabilities_of(table)


def _class_entries(
    table: Table, weights: np.ndarray[Any, Any], classes: Sequence[str], options: EvaluationParams
) -> list[RocEntry]:
    """Each class against the rest, with its AUC and interval."""
    from nevus.metrics.classification import one_against_rest
    from nevus.metrics.intervals import estimate
    from nevus.plots.roc import RocEntry

    entries = []
    for name, (labels, probabilities) in zip(classes, one_against_rest(*_arrays(table)), strict=True):
        area = estimate(labels, probabilities, weights, threshold=options.threshold, bins=options.calibration_bins)
        auc = area["auc"].value, *area["auc"].interval(options.confidence)
        entries.append(RocEntry(name, "class", labels, probabilities, auc))
    return entries


def _weights(table: Table, options: EvaluationParams) -> np.ndarray[Any, Any]:
    """Resample the same test sets wherever the same images are asked for."""
    from nevus.metrics.intervals import resample

    groups = table["group_id"].astype("object").to_numpy()
    return resample(table["label"].to_numpy(), groups, replicates=options.replicates, seed=options.seed)
