"""Score, draw and report one run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.reporting import card, cases, clinical, nodes, ranking, subgroups

FIGURES = ("roc", "precision_recall", "confusion", "score_histogram", "reliability", "decision_curve")  # of every run
SEEN = "corpus@assignment"  # which images train or choose
LEDGER_ENTRY, LEDGER = "test_ledger@entry", "test_ledger@all"  # what a run adds, and what all runs have added


def create_pipeline(*, baseline: bool, generator: bool, trained: bool = True, network: bool = True) -> Pipeline:
    """Score, draw and report one run: a template, made to serve a run by giving it the run's namespace.

    It reads `classifier`, `predictions` and `history`, the floors `majority` and `colour_svm`, `corpus@assignment`
    (the split of every image), `corpus@test` (for the images shown, and what is known of them), `corpus_summary`,
    `test_ledger@all`, `params:evaluation` and `params:subgroups`.

    Args:
        baseline: There is a baseline: `baseline_classifier` and `baseline_predictions` are read too.
        generator: There is a generator: `corpus@training`, `samples` and `progress` are read too.
        trained: There is a history of a training; without it there are no curves.
        network: There is one to look into; without it no card is written, and the `cases` have no heat maps.

    Returns:
        The nodes that score, one a figure, those that choose and explain `cases`, `write_model_card` and `report`.
    """
    return Pipeline(
        [
            *_scores(baseline),
            *_cases(),
            *([_card()] if network else []),
            *_figures(generator, trained),
            _report(baseline, generator, trained),
        ],
        tags="reporting",
    )


def _scores(baseline: bool) -> list[Node]:
    compared = {name: name for name in ("classifier", "predictions", "majority", "colour_svm")}
    compared["options"] = "params:evaluation"
    if baseline:
        compared |= {"baseline_classifier": "baseline_classifier", "baseline_predictions": "baseline_predictions"}
    ranked = {**compared, "metrics": "metrics", "class_metrics": "class_metrics"}
    evaluated = ["params:evaluation", "classifier", "predictions"]
    return [
        Node(nodes.evaluate, {**compared, "seen": SEEN}, ["metrics", "comparison", LEDGER_ENTRY], name="evaluate"),
        Node(ranking.evaluate_classes, evaluated, "class_metrics", name="evaluate_classes"),
        Node(clinical.estimate_predictive_values, evaluated, "predictive_values", name="estimate_predictive_values"),
        Node(
            subgroups.score_subgroups,
            [*evaluated, "params:subgroups", "corpus@test", "metrics"],
            "subgroups",
            name="score_subgroups",
        ),
        Node(ranking.draw_roc, ranked, "roc", name="draw_roc"),
        Node(ranking.draw_precision_recall, ranked, "precision_recall", name="draw_precision_recall"),
    ]


def _cases() -> list[Node]:
    evaluated, shown = ["params:evaluation", "classifier", "predictions"], ["classifier", "cases", "corpus@test"]
    return [
        Node(cases.choose_cases, evaluated, "cases", name="choose_cases"),
        Node(cases.explain_cases, shown, "heat_maps", name="explain_cases"),
        Node(cases.draw_cases, [*shown, "heat_maps"], "gallery", name="draw_cases"),
    ]


def _figures(generator: bool, trained: bool) -> list[Node]:
    evaluated = ["params:evaluation", "classifier", "predictions"]
    figures: list[tuple[Callable[..., Any], list[str], str]] = [
        (nodes.draw_confusion, evaluated, "confusion"),
        (nodes.draw_scores, evaluated, "score_histogram"),
        (nodes.draw_reliability, evaluated, "reliability"),
        (clinical.draw_decision_curve, evaluated, "decision_curve"),
        (subgroups.draw_forest, ["params:evaluation", "subgroups"], "forest"),
    ]
    if trained:
        figures.append((nodes.draw_curves, ["classifier", "history"], "curves"))
    if generator:
        figures.append((nodes.draw_samples, ["classifier", "corpus@training", "samples"], "real_and_generated"))
    return [Node(draw, inputs, output, name=draw.__name__) for draw, inputs, output in figures]


def _card() -> Node:
    names = ("classifier", "metrics", "comparison", "predictions", "corpus_summary", "subgroups")
    inputs = {"options": "params:evaluation", "ledger": LEDGER} | {name: name for name in names}
    return Node(card.write_model_card, inputs, "model_card", name="write_model_card")


def _report(baseline: bool, generator: bool, trained: bool) -> Node:
    names = ["classifier", "metrics", "comparison", "predictions", "corpus_summary"]
    names += ["class_metrics", "predictive_values", "subgroups", *FIGURES, "forest"]
    names += ["curves"] if trained else []
    names += ["cases", "heat_maps", "gallery"]
    names += ["real_and_generated", "progress"] if generator else []
    inputs = {"options": "params:evaluation", "seen": SEEN, "ledger": LEDGER} | {name: name for name in names}
    if baseline:
        inputs["baseline_classifier"] = "baseline_classifier"
    return Node(nodes.write_report, inputs, "report", name="report")
