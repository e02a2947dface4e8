"""Nodes that say what a run's decisions are worth where the disease is rarer than in the test set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nevus.contracts import Classifier, Figure, Table
from nevus.pipelines.reporting.params import EvaluationParams
from nevus.pipelines.reporting.scoring import arrays_of, weights_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nevus.plots.decision_curve import Panel

VALUE_COLUMNS = (
    "prevalence",
    "ppv",
    "ppv_low",
    "ppv_high",
    "npv",
    "npv_low",
    "npv_high",
    "found",
    "missed",
    "false_alarms",
)
PERSONS = 1000  # that counts are given for
_STEPS = 100  # thresholds of a decision curve


def estimate_predictive_values(options: EvaluationParams, classifier: Classifier, predictions: Table) -> Table:
    """Say how often the run's calls are right at the stated prevalences, by its sensitivity and specificity.

    Args:
        options: Prevalences, bootstrap, and the threshold where the run chose none.
        classifier: Of the run.
        predictions: Of the run; only the test split is read.

    Returns:
        `VALUE_COLUMNS`, a row a prevalence: predictive values with intervals, and found and missed images of the second
        class and false alarms in `PERSONS`. No rows where there are more than two classes.

    Raises:
        CorpusError: The table cannot be scored, or a class has no test image.
    """
    import numpy as np
    import pandas as pd

    from nevus.metrics.clinical import predictive_values, rates_above
    from nevus.metrics.predictions import scored_rows
    from nevus.pipelines.reporting.runs import name_of, threshold_of

    rows = scored_rows(predictions, name_of(classifier.record))
    found: list[tuple[float, ...]] = []
    if len(classifier.spec["classes"]) == 2:
        threshold = np.array([threshold_of(classifier.spec, options)])
        weights = np.vstack([np.ones((1, len(rows)), dtype=np.uint16), weights_of(rows, options)])
        sensitivity, false = (rates[:, 0] for rates in rates_above(*arrays_of(rows), weights, threshold))
        for prevalence in options.prevalences:
            values = predictive_values(sensitivity, 1 - false, prevalence)
            intervals = [_with_interval(each, options.confidence) for each in values]
            sick, healthy = PERSONS * prevalence, PERSONS * (1 - prevalence)
            counts = (sick * sensitivity[0], sick * (1 - sensitivity[0]), healthy * false[0])
            found.append((prevalence, *intervals[0], *intervals[1], *counts))
    return pd.DataFrame(found, columns=list(VALUE_COLUMNS))


def draw_decision_curve(options: EvaluationParams, classifier: Classifier, predictions: Table) -> Figure:
    """Draw the net benefit of calling by the run, at the stated prevalences with probabilities corrected to each.

    What is corrected from are the shares that the run was trained at, or those of the test set where it does not say.
    With more than two classes each is held against the rest, at its share of the test set.
    """
    from nevus.metrics.predictions import scored_rows
    from nevus.pipelines.reporting.runs import name_of
    from nevus.pipelines.reporting.wording import display
    from nevus.plots.decision_curve import decision_curve

    run, spec = name_of(classifier.record), classifier.spec
    rows = scored_rows(predictions, run)
    two, classes = len(spec["classes"]) == 2, spec["classes"]
    if two:
        panels = [_panel(share, rows, spec, options, display(run)) for share in options.prevalences]
    else:
        panels = [_panel_of_classes(rows, classes)]
    sick = classes[1] if two else "the class"
    return decision_curve(
        panels,
        title=f"Is it worth calling by {display(run)}?",
        xlabel=f"probability of {sick} from which one acts",
        ylabel=f"net benefit: found per {PERSONS:,} persons" if two else "net benefit, as a share of the best",
    )


def _panel(prevalence: float, rows: Table, spec: Mapping[str, Any], options: EvaluationParams, name: str) -> Panel:
    import numpy as np

    from nevus.metrics.bands import bounds
    from nevus.metrics.clinical import net_benefit, rates_above
    from nevus.metrics.priors import threshold_before
    from nevus.pipelines.reporting.wording import frequency
    from nevus.plots.decision_curve import Panel
    from nevus.plots.ranking import Band

    labels, probabilities = arrays_of(rows)
    before = float(spec.get("prior", (0.0, labels.mean()))[1])
    thresholds = np.linspace(0.0, min(0.99, 5 * prevalence), _STEPS)
    own = threshold_before(thresholds, before, prevalence)
    weights = np.vstack([np.ones((1, len(rows)), dtype=np.uint16), weights_of(rows, options)])
    benefit = PERSONS * net_benefit(*rates_above(labels, probabilities, weights, own), thresholds, prevalence)
    everybody = PERSONS * net_benefit(np.ones(_STEPS), np.ones(_STEPS), thresholds, prevalence)
    band = Band(thresholds, *bounds(benefit[1:], options.confidence))
    title = f"{frequency(prevalence)} {spec['classes'][1]}"
    return Panel(title, thresholds, {name: benefit[0]}, band, everybody, PERSONS * prevalence)


def _panel_of_classes(rows: Table, classes: list[str]) -> Panel:
    import numpy as np

    from nevus.metrics.classification import one_against_rest
    from nevus.metrics.clinical import net_benefit, rates_above
    from nevus.plots.decision_curve import Panel

    thresholds, even = np.linspace(0.0, 0.99, _STEPS), np.ones((1, len(rows)))
    curves = {}
    for name, (labels, probabilities) in zip(classes, one_against_rest(*arrays_of(rows)), strict=True):
        share = float(labels.mean())
        rates = rates_above(labels, probabilities, even, thresholds)
        curves[name] = net_benefit(*rates, thresholds, share)[0] / share
    return Panel("each class against the rest, as frequent as in the test set", thresholds, curves, None, None, 1.0)


def _with_interval(values: NDArray[Any], confidence: float) -> tuple[float, float, float]:
    """The first of the values, and the central share of the others that exist."""
    import numpy as np

    drawn = values[1:][~np.isnan(values[1:])]
    outside = (1 - confidence) / 2
    low, high = np.quantile(drawn, [outside, 1 - outside]) if len(drawn) else (np.nan, np.nan)
    return float(values[0]), float(low), float(high)
