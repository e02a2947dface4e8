"""Nodes that score and draw how well a run ranks the images, all methods or all classes beside one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nevus.contracts import Classifier, Figure, Table
from nevus.pipelines.reporting.params import EvaluationParams
from nevus.pipelines.reporting.scoring import arrays_of, weights_of

if TYPE_CHECKING:
    from nevus.plots.ranking import Entry

CLASS_COLUMNS = ("class", "metric", "value", "low", "high")


def evaluate_classes(options: EvaluationParams, classifier: Classifier, predictions: Table) -> Table:
    """Score each of more than two classes against the rest.

    Args:
        options: Bootstrap.
        classifier: Of the run.
        predictions: Of the run; only the test split is read.

    Returns:
        `CLASS_COLUMNS`, a row a class and score of `metrics.weighted.class_scores`; none where there are two classes,
        of which the scores of the run say all.

    Raises:
        CorpusError: The table cannot be scored, or a class has no test image.
    """
    import numpy as np
    import pandas as pd

    from nevus.metrics.intervals import percentile_interval
    from nevus.metrics.predictions import scored_rows
    from nevus.metrics.weighted import class_scores
    from nevus.pipelines.reporting.runs import name_of

    rows, classes = scored_rows(predictions, name_of(classifier.record)), classifier.spec["classes"]
    found = []
    if len(classes) > 2:
        labels, probabilities = arrays_of(rows)
        values = class_scores(labels, probabilities, np.ones((1, len(labels))))
        replicates = class_scores(labels, probabilities, weights_of(rows, options))
        found = [
            (name, metric, float(value[0]), *percentile_interval(drawn[metric], options.confidence))
            for name, own, drawn in zip(classes, values, replicates, strict=True)
            for metric, value in own.items()
        ]
    return pd.DataFrame(found, columns=list(CLASS_COLUMNS))


def draw_roc(
    options: EvaluationParams,
    classifier: Classifier,
    metrics: Table,
    class_metrics: Table,
    predictions: Table,
    majority: Table,
    colour_svm: Table,
    baseline_classifier: Classifier | None = None,
    baseline_predictions: Table | None = None,
) -> Figure:
    """Draw ROC curves: with two classes of the run beside its baseline and the floors, with more one a class.

    The arguments are those of `evaluate`; `metrics` comes from there, `class_metrics` from `evaluate_classes`.
    """
    import numpy as np

    from nevus.metrics.bands import roc_band
    from nevus.metrics.predictions import align
    from nevus.pipelines.reporting.runs import compared
    from nevus.pipelines.reporting.wording import ranking_title
    from nevus.plots.ranking import Band
    from nevus.plots.roc import roc

    tables, roles, _ = compared(
        options, classifier, predictions, majority, colour_svm, baseline_classifier, baseline_predictions
    )
    aligned, classes = align(tables), classifier.spec["classes"]
    title = ranking_title(next(iter(aligned.values())), metrics, "auc", roles, classes)
    if len(classes) > 2:
        entries = _of_classes(aligned, class_metrics, "auc", classes)
        return roc(entries, None, title=title, question=("other", "the class's"), confidence=options.confidence)
    table, grid = next(iter(aligned.values())), np.linspace(0.0, 1.0, 101)
    bounds = roc_band(*arrays_of(table), weights_of(table, options), grid=grid, confidence=options.confidence)
    entries = _of_methods(aligned, metrics, "auc", roles)
    return roc(entries, Band(grid, *bounds), title=title, question=tuple(classes), confidence=options.confidence)


def draw_precision_recall(
    options: EvaluationParams,
    classifier: Classifier,
    metrics: Table,
    class_metrics: Table,
    predictions: Table,
    majority: Table,
    colour_svm: Table,
    baseline_classifier: Classifier | None = None,
    baseline_predictions: Table | None = None,
) -> Figure:
    """Draw precision against recall, of the same methods or classes as `draw_roc` and from the same arguments."""
    import numpy as np

    from nevus.metrics.bands import precision_recall_band
    from nevus.metrics.predictions import align
    from nevus.pipelines.reporting.runs import compared
    from nevus.pipelines.reporting.wording import ranking_title
    from nevus.plots.precision_recall import precision_recall
    from nevus.plots.ranking import Band

    tables, roles, _ = compared(
        options, classifier, predictions, majority, colour_svm, baseline_classifier, baseline_predictions
    )
    aligned, classes, score = align(tables), classifier.spec["classes"], "average_precision"
    table, grid = next(iter(aligned.values())), np.linspace(0.01, 1.0, 100)
    title = ranking_title(table, metrics, score, roles, classes)
    if len(classes) > 2:
        entries = _of_classes(aligned, class_metrics, score, classes)
        return precision_recall(entries, None, title=title, positive="the class's", confidence=options.confidence)
    weights, confidence = weights_of(table, options), options.confidence
    bounds = precision_recall_band(*arrays_of(table), weights, grid=grid, confidence=confidence)
    entries = _of_methods(aligned, metrics, score, roles)
    return precision_recall(entries, Band(grid, *bounds), title=title, positive=classes[1], confidence=confidence)


def _of_methods(aligned: Mapping[str, Table], metrics: Table, score: str, roles: Mapping[str, str]) -> list[Entry]:
    from nevus.pipelines.reporting.wording import display
    from nevus.plots.ranking import Entry

    found = metrics[metrics["metric"] == score].set_index("method")[["value", "low", "high"]]
    return [
        Entry(display(name), roles[name], *arrays_of(table), _three(found.loc[name])) for name, table in aligned.items()
    ]


def _of_classes(aligned: Mapping[str, Table], class_metrics: Table, score: str, classes: Sequence[str]) -> list[Entry]:
    from nevus.metrics.classification import one_against_rest
    from nevus.plots.ranking import Entry

    found = class_metrics[class_metrics["metric"] == score].set_index("class")[["value", "low", "high"]]
    questions = one_against_rest(*arrays_of(next(iter(aligned.values()))))
    return [
        Entry(name, "class", *question, _three(found.loc[name]))
        for name, question in zip(classes, questions, strict=True)
    ]


def _three(row: Any) -> tuple[float, float, float]:
    return float(row["value"]), float(row["low"]), float(row["high"])
