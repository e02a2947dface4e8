"""The answer to the question that the report is read for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from nevus.contracts import Table
from nevus.pipelines.reporting.params import EvaluationParams
from nevus.pipelines.reporting.wording import UNDECIDED, display, interval, p_value, range_of, signed
from nevus.pipelines.reporting.wording import standing as standing_of

HEADLINE = "auc"  # the one comparison that the verdict rests on; the others are for orientation


class Verdict(NamedTuple):
    """The answer: `short` ("Yes", "No", "Not shown"), why in one sentence, and the sentences with the numbers."""

    short: str
    reason: str
    numbers: tuple[str, ...]


def verdict(metrics: Table, comparison: Table, options: EvaluationParams) -> Verdict:
    """Say whether the run beats the best floor, and its baseline if it has one, by the paired differences' intervals.

    Args:
        metrics: Scores with intervals, `METRIC_COLUMNS`.
        comparison: The run minus each of the others.
        options: For the confidence.
    """
    scores = metrics[metrics["metric"] == HEADLINE].set_index("method")
    run = str(scores.index[scores["role"] == "method"][0])
    rivals = _rivals(scores)
    differences = comparison[comparison["metric"] == HEADLINE].set_index("other").loc[list(rivals)]
    standing = {who: standing_of(differences.loc[name]) for name, who in rivals.items()}
    short, reason = _answer(standing)
    own = scores.loc[run]
    level = f"{options.confidence:.0%}"
    numbers = [f"{display(run)} reaches an AUC of {own['value']:.2f} ({level} interval {range_of(own)})."]
    for name, who in rivals.items():
        row = differences.loc[name]
        numbers.append(
            f"{who[0].upper()}{who[1:]} reaches {interval(scores.loc[name])}; the difference is {signed(row)}, "
            f"p {p_value(row)}: {display(run)} is {standing[who]}."
        )
    return Verdict(short, reason, tuple(numbers))


def _rivals(scores: Table) -> dict[str, str]:
    """Name and words of those that must be beaten."""
    baselines = [str(name) for name in scores.index[scores["role"] == "baseline"]]
    floor = str(scores.loc[scores["role"] == "floor", "value"].idxmax())
    words = {name: f"the baseline ({display(name)})" for name in baselines}
    return words | {floor: f"the best floor ({display(floor)})"}


def _answer(standing: Mapping[str, str]) -> tuple[str, str]:
    def those(result: str) -> str:
        return " and ".join(who for who, found in standing.items() if found == result)

    if "behind" in standing.values():
        return "No", f"it ranks the test images worse than {those('behind')}."
    if set(standing.values()) == {"ahead"}:
        return (
            "Yes",
            f"on these test images it is ahead of {those('ahead')}, beyond what chance in drawing them explains.",
        )
    undecided = those(UNDECIDED)
    intervals = "intervals of the differences" if " and " in undecided else "interval of the difference"
    verb = "include" if " and " in undecided else "includes"
    return "Not shown", (
        f"the {intervals} to {undecided} {verb} 0. That does not make them equal: this test set cannot tell them apart."
    )
