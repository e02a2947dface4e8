"""Nodes that score, draw and report one run, whatever its method: a classifier's record says what it is."""

from __future__ import annotations

import logging

from nevus.contracts import Classifier, Corpus, Figure, Pixels, Table
from nevus.pipelines.reporting.cases import HeatMaps
from nevus.pipelines.reporting.params import EvaluationParams
from nevus.pipelines.reporting.scoring import (
    MCNEMAR_COLUMNS,
    arrays_of,
    difference_rows,
    estimates_of,
    score_rows,
    with_mcnemar,
)

logger = logging.getLogger(__name__)

_COMPARISON_COLUMNS = ("metric", "other", "difference", "low", "high", "p_value", *MCNEMAR_COLUMNS)
_REAL_IMAGES = 64


def evaluate(
    options: EvaluationParams,
    classifier: Classifier,
    predictions: Table,
    seen: Table,
    majority: Table,
    colour_svm: Table,
    baseline_classifier: Classifier | None = None,
    baseline_predictions: Table | None = None,
) -> tuple[Table, Table, Table]:
    """Score a run beside the floors and its baseline, if it has one, on the same resampled test sets.

    Args:
        options: Bootstrap, bins and threshold.
        classifier: Of the run; its record names it.
        predictions: Of the run; only the test split is read, here and in the other tables.
        seen: `image_id` and `split` of every image that trains or chooses.
        majority: Predictions of the majority floor.
        colour_svm: Predictions of the colour floor.
        baseline_classifier: Of the baseline; its record names it.
        baseline_predictions: Of the baseline.

    Returns:
        Scores with intervals (`METRIC_COLUMNS`; `metrics.scores.score` says which), the run minus each of the others
        (`metric`, `other`, `difference`, `low`, `high`, `p_value`, and of accuracy `MCNEMAR_COLUMNS`), and for the
        ledger who has been scored.

    Raises:
        CorpusError: If a table cannot be scored, a class has no test image, the tables differ in their test images, or
            one of these trains or chooses.
        NevusError: If a record says no method, or two of those compared have one name.
    """
    from nevus.metrics.predictions import align
    from nevus.pipelines.reporting.ledger import entry_of
    from nevus.pipelines.reporting.runs import compared, folder_name, require_unseen
    from nevus.pipelines.reporting.wording import few_groups

    tables, roles, thresholds = compared(
        options, classifier, predictions, majority, colour_svm, baseline_classifier, baseline_predictions
    )
    aligned = align(tables)
    run, *others = aligned
    require_unseen(aligned[run], seen, run)
    for warning in few_groups(aligned[run], classifier.spec["classes"]):
        logger.warning(warning)
    estimates = estimates_of(aligned, options, thresholds)
    differences = difference_rows(estimates, [(run, other) for other in others], options)
    comparison = with_mcnemar(differences, aligned, thresholds)
    parts = {"method": "", "baseline": "baseline"}  # of the run, by role; floors choose nothing
    told = {
        folder_name(classifier.record, parts[roles[name]]): aligned[name] for name in aligned if roles[name] in parts
    }
    entry = entry_of(told, classifier.record.get("corpus", ""))
    return score_rows(estimates, roles, options), comparison[list(_COMPARISON_COLUMNS)], entry


def draw_confusion(options: EvaluationParams, classifier: Classifier, predictions: Table) -> Figure:
    """Draw how many test images of each class the run calls what: at its threshold, or as the likeliest class."""
    from nevus.metrics.classification import called
    from nevus.metrics.predictions import scored_rows
    from nevus.pipelines.reporting.runs import name_of, threshold_of
    from nevus.pipelines.reporting.wording import display
    from nevus.plots.confusion import confusion

    run = name_of(classifier.record)
    labels, probabilities = arrays_of(scored_rows(predictions, run))
    threshold, classes = threshold_of(classifier.spec, options), classifier.spec["classes"]
    decided = called(probabilities, threshold)
    return confusion(labels, decided, classes=classes, name=display(run), threshold=threshold)


def draw_scores(options: EvaluationParams, classifier: Classifier, predictions: Table) -> Figure:
    """Draw how the probabilities of images of a class and of all others overlap, around the run's threshold."""
    from nevus.metrics.classification import one_against_rest
    from nevus.metrics.predictions import scored_rows
    from nevus.pipelines.reporting.runs import name_of, threshold_of
    from nevus.pipelines.reporting.wording import display
    from nevus.plots.scores import Question, scores

    run, classes = name_of(classifier.record), classifier.spec["classes"]
    answers = one_against_rest(*arrays_of(scored_rows(predictions, run)))
    two = len(classes) == 2
    names = [(classes[0], classes[1])] if two else [("other classes", name) for name in classes]
    questions = [Question(*kinds, *answer) for kinds, answer in zip(names, answers, strict=True)]
    title = f"What probabilities {display(run)} gives the test images"
    return scores(questions, title=title, threshold=threshold_of(classifier.spec, options) if two else None)


def draw_reliability(options: EvaluationParams, classifier: Classifier, predictions: Table) -> Figure:
    """Draw whether the run's probabilities mean what they say; with more than two classes, that of the likeliest."""
    from nevus.metrics.calibration import calibration_error, reliability_table
    from nevus.metrics.classification import claims
    from nevus.metrics.predictions import scored_rows
    from nevus.pipelines.reporting.runs import name_of
    from nevus.pipelines.reporting.wording import display
    from nevus.plots.reliability import reliability

    run = name_of(classifier.record)
    claimed = claims(*arrays_of(scored_rows(predictions, run)))
    table = reliability_table(*claimed, bins=options.calibration_bins, confidence=options.confidence)
    error = calibration_error(*claimed, bins=options.calibration_bins)
    classes = classifier.spec["classes"]
    return reliability(table, classes=classes, name=display(run), error=error, confidence=options.confidence)


def draw_curves(classifier: Classifier, history: Table) -> Figure:
    """Draw what was logged while the run trained."""
    from nevus.pipelines.reporting.runs import name_of
    from nevus.pipelines.reporting.wording import display
    from nevus.plots.curves import curves

    return curves(history, name=display(name_of(classifier.record)))


def draw_samples(classifier: Classifier, training: Corpus, generated: Pixels) -> Figure:
    """Draw training images, taken at even distances from the corpus, beside generated ones."""
    import numpy as np

    from nevus.pipelines.reporting.runs import name_of
    from nevus.pipelines.reporting.wording import display
    from nevus.plots.samples import samples

    rows = np.sort(training.manifest.loc[training.manifest["split"] != "test", "row"].to_numpy(dtype=np.intp))
    chosen = rows[np.linspace(0, len(rows) - 1, min(len(rows), _REAL_IMAGES)).astype(np.intp)]
    return samples(training.pixels[chosen], generated, name=display(name_of(classifier.record)))


def write_report(
    options: EvaluationParams,
    classifier: Classifier,
    metrics: Table,
    comparison: Table,
    predictions: Table,
    seen: Table,
    corpus_summary: Table,
    ledger: Table,
    class_metrics: Table,
    predictive_values: Table,
    subgroups: Table,
    forest: bytes,
    baseline_classifier: Classifier | None = None,
    cases: Table | None = None,
    heat_maps: HeatMaps | None = None,
    **figures: bytes,
) -> str:
    """Write one page that answers whether the run earns its place, and shows on what grounds.

    Args:
        options: How the run was scored.
        classifier: Of the run; what is said of its training is read from its record.
        metrics: Scores with intervals, from `evaluate`.
        comparison: Paired differences, from `evaluate`.
        predictions: Of the run, for the number of test images.
        seen: `image_id` and `split` of every image that trains or chooses.
        corpus_summary: Any table that describes the data; shown as it is.
        ledger: Who has scored test images until now (`LEDGER_COLUMNS`).
        class_metrics: Scores of each of more than two classes, from `evaluate_classes`.
        predictive_values: At several prevalences, of two classes, from `estimate_predictive_values`.
        subgroups: Scores of parts of the test set, from `score_subgroups`.
        forest: The same as a figure, PNG.
        baseline_classifier: Of the baseline; the page warns where it was trained otherwise than it should be.
        cases: From `choose_cases`, for the words that go with the gallery.
        heat_maps: From `explain_cases`; what they show, or why there are none, is said below the gallery.
        figures: PNG or GIF bytes by name; captions come from `figures.FIGURES`.

    Returns:
        HTML that needs no other file.

    Raises:
        CorpusError: The run was scored on images that train or choose: the splits are not those of the run.
    """
    from nevus.metrics.predictions import scored_rows
    from nevus.pipelines.page import render
    from nevus.pipelines.reporting import ledger as scorings
    from nevus.pipelines.reporting import subgroups as parts
    from nevus.pipelines.reporting import tables, wording
    from nevus.pipelines.reporting.classes import decision, question
    from nevus.pipelines.reporting.fairness import fairness_notice
    from nevus.pipelines.reporting.figures import address_of, embed
    from nevus.pipelines.reporting.gallery import alternatives, notes
    from nevus.pipelines.reporting.runs import name_of, require_unseen, threshold_of
    from nevus.pipelines.reporting.verdict import verdict

    record, classes, run = classifier.record, classifier.spec["classes"], name_of(classifier.record)
    rows = scored_rows(predictions, run)
    seed = None if record.get("trained_elsewhere") else record.get("seed")
    require_unseen(rows, seen, run)
    notices = fairness_notice(record, baseline_classifier.record) if baseline_classifier else []
    parameters = wording.parameters_of(record, options)
    return render(
        __package__,
        "report.html.j2",
        title=f"{wording.display(run)}: {question(classes)}",
        verdict=verdict(metrics, comparison, options),
        test_set=wording.describe_test_set(rows, classes, seed),
        warnings=notices + wording.few_groups(rows, classes),
        decision=decision(classes, threshold_of(classifier.spec, options), chosen="threshold" in classifier.spec),
        run=wording.display(run),
        compared_with=wording.compared_with(metrics),
        options=options,
        scores=tables.score_table(metrics, classes),
        class_scores=tables.class_table(class_metrics, classes),
        predictive_values=tables.predictive_table(predictive_values),
        classes=classes,
        differences=tables.difference_table(comparison),
        figures=embed(
            figures,
            classes,
            alternatives=alternatives(cases, classes),
            notes=notes(classifier.spec, heat_maps),
        ),
        summary_columns=[str(column) for column in corpus_summary.columns],
        summary_rows=[[wording.cell(value) for value in row] for row in corpus_summary.itertuples(index=False)],
        subgroups=parts.on_a_page(subgroups, address_of(forest)),
        ledger=scorings.on_a_page(ledger, rows),
        parameters=parameters,
        data_format=dict(parameters).get("ingestion.format", ""),
    )
