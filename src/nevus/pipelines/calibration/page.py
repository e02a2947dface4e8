"""The page of a calibration."""

from __future__ import annotations

import base64
from typing import Any

from nevus.contracts import Classifier, Table
from nevus.pipelines.calibration.nodes import MODEL
from nevus.pipelines.calibration.params import CalibrationParams
from nevus.pipelines.reporting.params import EvaluationParams

# Scores that a calibration or a threshold changes; the order of the images, and so the AUC, mostly stays.
CHANGED = ("brier", "log_loss", "calibration_error", "adaptive_calibration_error", "sensitivity", "specificity")
RULES = {
    "youden": "the largest sensitivity + specificity",
    "sensitivity": "the highest threshold that finds {sensitivity:.0%} of {one}",
    "cost_ratio": "the least cost, where a missed image of {one} weighs as {cost_ratio:g} false alarms",
    "fixed": "evaluation.threshold, as in all other runs",
}


def write_page(
    options: EvaluationParams,
    params: CalibrationParams,
    classifier: Classifier,
    held_out: Table,
    metrics: Table,
    comparison: Table,
    coverage: Table,
    label_errors: Table,
    **figures: bytes,
) -> str:
    """Write one page on what a calibration learnt, what it changed, and which labels it doubts.

    Args:
        options: How the run was scored.
        params: How it was calibrated.
        classifier: The calibrated one.
        held_out: Out-of-fold predictions.
        metrics: Scores with intervals, from `evaluate`.
        comparison: Paired differences, from `evaluate`.
        coverage: From `cover`.
        label_errors: From `rank_label_errors`.
        figures: PNG bytes: `before_and_after`, `sets` and `suspects`.

    Returns:
        HTML that needs no other file.
    """
    from nevus.pipelines.page import render

    record, classes = classifier.record, classifier.spec["classes"]
    model = ", ".join(record["ancestors"][MODEL])
    return render(
        __package__,
        "calibration.html.j2",
        title=f"Calibration of {model}",
        data_format=record["parameters"].get("ingestion", {}).get("format", ""),
        learnt=learnt_rows(options, params, classifier),
        images=held_out["image_id"].nunique(),
        folds=len(held_out[["repeat", "fold"]].drop_duplicates()),
        changes=change_rows(metrics, comparison),
        options=options,
        wanted=params.coverage,
        coverage=[coverage_row(row) for row in coverage.to_dict("records")],
        two=len(classes) == 2,
        suspects=label_errors.head(params.suspects).to_dict("records"),
        suspected=int(label_errors["suspected"].sum()),
        figures={name: base64.b64encode(image).decode("ascii") for name, image in figures.items()},
    )


def learnt_rows(
    options: EvaluationParams, params: CalibrationParams, classifier: Classifier
) -> list[tuple[str, str, str]]:
    """Name, value and meaning of what was learnt."""
    from nevus.pipelines.reporting.runs import threshold_of

    spec, rows = classifier.spec, []
    if params.kind == "temperature":
        found = spec["calibration"]["temperature"]
        meaning = "were too sure" if found > 1 else "were not sure enough"
        rows.append(("Temperature", f"{found:.2f}", f"Logits are divided by it: the probabilities {meaning}."))
    if params.kind == "isotonic":
        steps = len(spec["calibration"]["x"])
        rows.append(("Isotonic steps", f"{steps} corners", "Probabilities are read off these rising steps."))
    if len(spec["classes"]) == 2:
        how = params.threshold
        rule = RULES[how.rule].format(one=spec["classes"][1], sensitivity=how.sensitivity, cost_ratio=how.cost_ratio)
        text = f"{spec['classes'][1].capitalize()} is called above it. Rule: {rule}."
        rows.append(("Threshold", f"{threshold_of(spec, options):.3f}", text))
    return rows


def change_rows(metrics: Table, comparison: Table) -> list[dict[str, str]]:
    """Scores before and after, with the paired difference."""
    from nevus.metrics.titles import title
    from nevus.pipelines.reporting.wording import interval, p_value, signed, standing

    before = metrics[metrics["role"] == "baseline"].set_index("metric")
    after = metrics[metrics["role"] == "method"].set_index("metric")
    (baseline,) = before["method"].unique()
    differences = comparison[comparison["other"] == baseline].set_index("metric")
    rows = []
    for name in CHANGED:
        if name in after.index and name in differences.index:
            row, words = differences.loc[name], title(name)
            rows.append(
                {
                    "name": words.heading,
                    "before": interval(before.loc[name]),
                    "after": interval(after.loc[name]),
                    "difference": signed(row),
                    "p_value": p_value(row),
                    "standing": standing(row, words.better) if words.better else "",
                }
            )
    return rows


def coverage_row(row: dict[Any, Any]) -> dict[str, str]:
    """One row of the coverage in words."""
    shares = {name: f"{row[name]:.1%}" for name in ("right", "wrong", "several", "none")}
    found = f"{row['coverage']:.1%} ({row['low']:.1%} to {row['high']:.1%})"
    unsure = f"{row['several'] + row['none']:.1%}"
    return {"name": str(row["class"]), "images": f"{row['images']:,}", "coverage": found, "unsure": unsure, **shares}
