"""Nodes that score, draw and report. `run` and `against` name the run and the baseline it is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nevus.contracts import CLASSES, METRIC_COLUMNS, Corpus, Figure, Pixels, Table
from nevus.pipelines.reporting.params import EvaluationParams

if TYPE_CHECKING:
    import numpy as np

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
        Scores with intervals (`METRIC_COLUMNS`), and the run minus each of the others (`metric`, `other`, `difference`,
        `low`, `high`, `p_value`).

    Raises:
        CorpusError: If a table cannot be scored or the tables differ in their test images.
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
    metrics: Table,
    method: Table,
    baseline: Table,
    majority: Table,
    colour_svm: Table,
    *,
    run: str,
    against: str,
) -> Figure:
    """Draw the ROC curves of the run, its baseline and the floors, with a bootstrap band around the run's."""
    import numpy as np

    from nevus.metrics.intervals import roc_band
    from nevus.metrics.predictions import align
    from nevus.pipelines.reporting.wording import display
    from nevus.plots.roc import RocBand, RocEntry, roc

    aligned = align({run: method, against: baseline, "majority": majority, "colour_svm": colour_svm})
    areas = metrics[metrics["metric"] == "auc"].set_index("method").to_dict("index")
    entries = []
    for name, table in aligned.items():
        area = areas[name]
        auc = (area["value"], area["low"], area["high"])
        entries.append(RocEntry(display(name), area["role"], *_arrays(table), auc))
    grid = np.linspace(0.0, 1.0, 101)
    weights = _weights(aligned[run], options)
    band = roc_band(*_arrays(aligned[run]), weights, grid=grid, confidence=options.confidence)
    return roc(entries, RocBand(grid, *band), confidence=options.confidence)


def draw_confusion(options: EvaluationParams, method: Table, *, run: str) -> Figure:
    """Draw how many benign and melanoma test images the run calls what, at the fixed threshold."""
    from nevus.metrics.classification import called_melanoma
    from nevus.metrics.predictions import scored_rows
    from nevus.pipelines.reporting.wording import display
    from nevus.plots.confusion import confusion

    labels, probabilities = _arrays(scored_rows(method, run))
    called = called_melanoma(probabilities, options.threshold).astype(int)
    return confusion(labels, called, classes=CLASSES, name=display(run), threshold=options.threshold)


def draw_reliability(options: EvaluationParams, method: Table, *, run: str) -> Figure:
    """Draw whether the run's probabilities mean what they say."""
    from nevus.metrics.calibration import calibration_error, reliability_table
    from nevus.metrics.predictions import scored_rows
    from nevus.pipelines.reporting.wording import display
    from nevus.plots.reliability import reliability

    labels, probabilities = _arrays(scored_rows(method, run))
    table = reliability_table(labels, probabilities, bins=options.calibration_bins, confidence=options.confidence)
    error = calibration_error(labels, probabilities, bins=options.calibration_bins)
    return reliability(table, name=display(run), error=error, confidence=options.confidence)


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
    metrics: Table,
    comparison: Table,
    method: Table,
    corpus_summary: Table,
    ingestion: Any,
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
        metrics: Scores with intervals, from `evaluate`.
        comparison: Paired differences, from `evaluate`.
        method: Predictions of the run, for the number of test images.
        corpus_summary: Any table that describes the data; shown as it is.
        ingestion: Parameters of the data, a model or nested dict, like the next two.
        classifier: Parameters that the run shares with its baseline.
        parameters: Parameters of the run itself.
        run: Name of the run.
        against: Name of the baseline.
        figures: PNG or GIF bytes by name; captions come from `wording.FIGURES`.

    Returns:
        HTML that needs no other file.
    """
    from importlib.resources import files

    from jinja2 import Environment, StrictUndefined

    from nevus.metrics.predictions import scored_rows
    from nevus.pipelines.reporting import wording
    from nevus.pipelines.reporting.verdict import verdict

    parameters_used = wording.flatten(
        {run: parameters, "classifier": classifier, "ingestion": ingestion, "evaluation": options}
    )
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(files(__package__).joinpath("report.html.j2").read_text(encoding="utf-8"))
    return template.render(
        title=f"{wording.display(run)}: melanoma or benign?",
        verdict=verdict(metrics, comparison, run, options),
        test_set=wording.describe_test_set(scored_rows(method, run)),
        run=wording.display(run),
        against=wording.display(against),
        options=options,
        metric_titles=list(wording.METRICS.values()),
        scores=wording.score_table(metrics),
        differences=wording.difference_table(comparison),
        figures=wording.embed(figures),
        summary_columns=[str(column) for column in corpus_summary.columns],
        summary_rows=[[wording.cell(value) for value in row] for row in corpus_summary.itertuples(index=False)],
        parameters=parameters_used,
        data_format=dict(parameters_used).get("ingestion.format", ""),
    )


def _arrays(table: Table) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    return table["label"].to_numpy(), table["probability"].to_numpy()


def _weights(table: Table, options: EvaluationParams) -> np.ndarray[Any, Any]:
    """Resample the same test sets wherever the same images are asked for."""
    from nevus.metrics.intervals import resample

    groups = table["group_id"].astype("object").to_numpy()
    return resample(table["label"].to_numpy(), groups, replicates=options.replicates, seed=options.seed)
