"""Compare the rungs of a ladder, each with the one below it."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

from nevus.contracts import Classifier, Figure, FinishedRuns, Table
from nevus.pipelines.reporting.params import EvaluationParams
from nevus.pipelines.reporting.scoring import difference_rows, estimates_of, score_rows

NAME = "ladder"
COLOURS = "colour_svm"  # the floor below the lowest rung


def hand_over(classifier: Classifier) -> FinishedRuns:
    """Offer a classifier of this run as one that another training of it starts from.

    Args:
        classifier: As trained.

    Returns:
        What reads it, by the name of its method.
    """
    return {str(classifier.record["method"]): partial(_itself, classifier)}


def compare(
    options: EvaluationParams,
    seen: Table,
    majority: Table,
    colour_svm: Table,
    highest: Classifier,
    **rungs: Table,
) -> tuple[Table, Table, Table]:
    """Score all rungs and floors on the same resampled test sets, and take from each rung the one below it.

    Args:
        options: Bootstrap, bins and threshold.
        seen: `image_id` and `split` of every image that trains or chooses.
        majority: Predictions of the majority floor.
        colour_svm: Predictions of the colour floor, which the lowest rung stands on.
        highest: Classifier of the highest rung; its record has the seed, the variant and the corpus of all.
        rungs: Predictions by the name of the rung, from the lowest to the highest.

    Returns:
        Scores with intervals (`METRIC_COLUMNS`), for each `rung` the difference to the one `below` it by `metric`
        (`difference`, `low`, `high`, `p_value`), and for the ledger which rungs have been scored.

    Raises:
        CorpusError: If a table cannot be scored, a class has no test image, the tables differ in their test images, or
            one of these trains or chooses.
    """
    from nevus.metrics.predictions import align
    from nevus.pipelines.reporting.ledger import entry_of
    from nevus.pipelines.reporting.runs import folder_name, require_unseen

    floors = {"majority": majority, COLOURS: colour_svm}
    aligned = align({**rungs, **floors})
    first = next(iter(rungs))
    require_unseen(aligned[first], seen, first)
    estimates = estimates_of(aligned, options)
    roles = {name: "floor" if name in floors else "method" for name in aligned}
    steps = difference_rows(estimates, [(rung, below) for below, rung in pairwise([COLOURS, *rungs])], options)
    own = {folder_name({**highest.record, "method": NAME}, rung): aligned[rung] for rung in rungs}
    entry = entry_of(own, highest.record.get("corpus", ""))
    return score_rows(estimates, roles, options), steps.rename(columns={"one": "rung", "other": "below"}), entry


def draw_ladder(options: EvaluationParams, metrics: Table, comparison: Table) -> Figure:
    """Draw the AUC of every rung with its interval, and beside it what the rung adds to the one below."""
    from nevus.pipelines.ladder.wording import rows_of
    from nevus.plots.ladder import ladder

    return ladder(rows_of(metrics, comparison), confidence=options.confidence)


def write_page(
    options: EvaluationParams,
    metrics: Table,
    comparison: Table,
    classifier: Classifier,
    predictions: Table,
    corpus_summary: Table,
    rungs: bytes,
    ledger: Table,
    **histories: Table,
) -> str:
    """Write one page that says of every rung whether it earns its place above the one below.

    Args:
        options: How the rungs were scored.
        metrics: Scores with intervals, from `compare`.
        comparison: Paired differences, from `compare`.
        classifier: Of the highest rung; what is said of data and seed is read from its record.
        predictions: Of the highest rung, for the number of test images.
        corpus_summary: Any table that describes the data; shown as it is.
        rungs: The figure, PNG.
        ledger: Who has scored test images until now (`LEDGER_COLUMNS`).
        histories: Of the trainings, for what they cost.

    Returns:
        HTML that needs no other file.
    """
    import base64

    from nevus.metrics.predictions import scored_rows
    from nevus.pipelines.ladder import wording
    from nevus.pipelines.page import render
    from nevus.pipelines.reporting import tables
    from nevus.pipelines.reporting.classes import decision
    from nevus.pipelines.reporting.ledger import on_a_page
    from nevus.pipelines.reporting.wording import cell, describe_test_set, few_groups

    record, classes = classifier.record, classifier.spec["classes"]
    rows = scored_rows(predictions, "the ladder")
    return render(
        __package__,
        "ladder.html.j2",
        title=wording.title_of(record),
        test_set=describe_test_set(rows, classes, record.get("seed")),
        warnings=few_groups(rows, classes),
        steps=wording.steps_of(comparison),
        options=options,
        decision=decision(classes, options.threshold),
        scores=tables.score_table(metrics, classes, wording.name_of),
        costs=wording.costs_of(histories),
        figure=base64.b64encode(rungs).decode("ascii"),
        summary_columns=[str(column) for column in corpus_summary.columns],
        summary_rows=[[cell(value) for value in row] for row in corpus_summary.itertuples(index=False)],
        ledger=on_a_page(ledger, rows),
        data_format=record["parameters"].get("ingestion", {}).get("format", ""),
    )


def _itself(classifier: Classifier) -> Classifier:
    return classifier
