"""Score, draw and report one run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any

from kedro.pipeline import Node, Pipeline

from nevus.contracts import NevusError
from nevus.pipelines.reporting import nodes


def create_pipeline(run: str = "ssgan", baseline: str = "supervised") -> Pipeline:
    """Score, draw and report one run.

    Args:
        run: Name of the run; `{run}.predictions`, `{run}.history`, `{run}.samples`, `{run}.progress` and `params:{run}`
            must exist; `corpus@training` gives the names of the classes.
        baseline: Name of the run to compare with; `{baseline}.predictions` must exist.

    Returns:
        Nodes named in words, such as `evaluate_ssgan`.

    Raises:
        NevusError: If a run is to be compared with itself.
    """
    if run == baseline:
        raise NevusError(
            f"A run is compared with another one, but run and baseline are both '{run}'. "
            "Name another baseline where pipeline_registry.py calls reporting.create_pipeline."
        )
    return _create_scores(run, baseline) + _create_figures(run) + _create_report(run, baseline)


def _create_scores(run: str, baseline: str) -> Pipeline:
    predictions = {
        "options": "params:evaluation",
        "method": f"{run}.predictions",
        "baseline": f"{baseline}.predictions",
        "majority": "majority.predictions",
        "colour_svm": "colour_svm.predictions",
    }
    return Pipeline(
        [
            Node(
                _named(nodes.evaluate, run=run, against=baseline),
                predictions,
                [f"{run}.metrics", f"{run}.comparison"],
                name=f"evaluate_{run}",
            ),
            Node(
                _named(nodes.draw_roc, run=run, against=baseline),
                {**predictions, "training": "corpus@training", "metrics": f"{run}.metrics"},
                f"{run}.roc",
                name=f"draw_roc_of_{run}",
            ),
        ],
        tags="reporting",
    )


def _create_figures(run: str) -> Pipeline:
    evaluated = ["params:evaluation", "corpus@training", f"{run}.predictions"]
    figures: list[tuple[Callable[..., Any], list[str], str]] = [
        (nodes.draw_confusion, evaluated, "confusion"),
        (nodes.draw_reliability, evaluated, "reliability"),
        (nodes.draw_curves, [f"{run}.history"], "curves"),
        (nodes.draw_samples, ["corpus@training", f"{run}.samples"], "real_and_generated"),
    ]
    return Pipeline(
        [
            Node(_named(draw, run=run), inputs, f"{run}.{name}", name=f"{draw.__name__}_of_{run}")
            for draw, inputs, name in figures
        ],
        tags="reporting",
    )


def _create_report(run: str, baseline: str) -> Pipeline:
    figures = ("roc", "confusion", "reliability", "curves", "real_and_generated", "progress")
    inputs = {
        "options": "params:evaluation",
        "training": "corpus@training",
        "metrics": f"{run}.metrics",
        "comparison": f"{run}.comparison",
        "method": f"{run}.predictions",
        "corpus_summary": "corpus_summary",
        "ingestion": "params:ingestion",
        "splits": "params:splits",
        "classifier": "params:classifier",
        "parameters": f"params:{run}",
        **{name: f"{run}.{name}" for name in figures},
    }
    report = _named(nodes.write_report, run=run, against=baseline)
    return Pipeline([Node(report, inputs, f"{run}.report", name=f"report_{run}")], tags="reporting")


def _named(function: Callable[..., Any], **names: str) -> Callable[..., Any]:
    """Bind the names of runs and keep name, docstring and annotations, which Kedro reads."""
    return update_wrapper(partial(function, **names), function)
