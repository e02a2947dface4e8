"""Tables and curves of a sweep, made of what its runs have saved."""

import json
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from nevus.hooks.completion import write_note
from nevus.sweep.files import COSTS, Files
from nevus.sweep.points import BUDGET, Point, Setting
from nevus.sweep.results import configurations_table, draw_curves, points_table, screen_rows

AUC = {("fixmatch", 5, 0): 0.7, ("fixmatch", 5, 1): 0.9, ("fixmatch", 9, 0): 0.8, ("supervised", 5, 0): 0.6}
CONFIDENCE = "fixmatch.algorithm.confidence"


def point(pipeline: str, budget: int, seed: int) -> Point:
    varied = [Setting(BUDGET, str(budget), budget, str(budget))]
    varied += [Setting(CONFIDENCE, "0.8", 0.8, "0.8")] if pipeline == "fixmatch" else []
    return Point(pipeline, seed, f"budget_{budget}", (), tuple(varied))


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Of runs that are done, as they leave their files."""
    made = Files(tmp_path, "test", "kinds")
    for (pipeline, budget, seed), auc in AUC.items():
        rows = [(pipeline, "method", "auc", auc, 0.5, 1.0), (pipeline, "method", "accuracy", auc - 0.1, None, None)]
        rows += [("labeled_only", "baseline", "auc", 0.6, 0.5, 1.0), ("majority", "floor", "auc", 0.5, None, None)]
        finish(made, point(pipeline, budget, seed), 2 * budget, rows)
    return made


def finish(files: Files, one: Point, labeled: int, rows: list[tuple[Any, ...]]) -> None:
    """Leave what a run leaves: one of a method of 700 parameters, whose baseline has 50."""
    for models, seconds, parameters in ((files.models(one), 6.0 + one.seed, 700), (files.baseline(one), 2.0, 50)):
        training = {"steps": 10, "seconds": seconds, "images_per_second": 1200 / seconds}
        cost = {"parameters": parameters, "flops": 3_000_000}
        folder = models / "model" / "artifacts"
        folder.mkdir(parents=True)
        (folder.parent / "MLmodel").touch()
        record = {"images": {"labeled": labeled}, "training": training, "network": cost}
        (folder / "record.json").write_text(json.dumps(record))
    write_note(files.models(one), {"parameters": {}, "seconds": 10.0 + one.seed})
    files.result(one).parent.mkdir(parents=True)
    columns = ["method", "role", "metric", "value", "low", "high"]
    pd.DataFrame(rows, columns=columns).to_csv(files.result(one), index=False)


def tables(files: Files, varied: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    idle = {"fixmatch": {"baseline": {CONFIDENCE}, "floor": {CONFIDENCE}}}
    points = points_table(files, [point(*key) for key in AUC], varied, idle)
    return points, configurations_table(points)


def test_a_row_a_run_and_metric_and_a_row_a_configuration(files):
    points, means = tables(files, [BUDGET, CONFIDENCE])
    assert len(points) == 4 * len(AUC)
    own = points[(points["role"] == "method") & (points["metric"] == "auc")]
    assert dict(zip(own["run"], own["value"], strict=True)) == {point(*key).name: auc for key, auc in AUC.items()}
    assert list(own["labeled"]) == [10, 10, 18, 10]
    assert list(own["seconds"]) == [10.0, 11.0, 10.0, 10.0]
    assert list(own[CONFIDENCE]) == ["0.8", "0.8", "0.8", ""]
    found = means[(means["role"] == "method") & (means["metric"] == "auc")].set_index(["pipeline", BUDGET])
    assert found.loc[("fixmatch", "5"), "mean"] == pytest.approx(0.8)
    assert found.loc[("fixmatch", "5"), "sd"] == pytest.approx(0.1 * 2**0.5)
    assert list(found["seeds"]) == [2, 1, 1]
    assert pd.isna(found.loc[("supervised", "5"), "sd"])


def test_what_a_run_cost_stands_beside_what_it_reached(files):
    points, means = tables(files, [BUDGET, CONFIDENCE])
    auc = points[points["metric"] == "auc"]
    costs = auc.set_index(["run", "role"])[list(COSTS)]
    second = costs.loc["fixmatch-budget_5/seed1"]
    assert list(second.loc["method"]) == [7.0, pytest.approx(1200 / 7), 700, 3_000_000]
    assert list(second.loc["baseline"]) == [2.0, 600.0, 50, 3_000_000]
    assert second.loc["floor"].isna().all()  # it trains nothing
    own = means[(means["role"] == "method") & (means["metric"] == "auc")]
    assert list(own["training_seconds"]) == [6.5, 6.0, 6.0]
    assert list(own["parameters"]) == [700, 700, 700]


def test_a_run_of_before_costs_were_written_down_has_none(files):
    models = files.models(point("supervised", 5, 0))
    (models / "model" / "artifacts" / "record.json").write_text(json.dumps({"images": {"labeled": 10}}))
    points, means = tables(files, [BUDGET, CONFIDENCE])
    own = points[(points["pipeline"] == "supervised") & (points["role"] == "method")]
    assert own[list(COSTS)].isna().all(axis=None)
    assert screen_rows(means, [BUDGET, CONFIDENCE])[1][2][-4:] == ["", "", "", ""]


AUGMENT = "classifier.augment"
BASELINES = {("weak", 5): 0.6, ("strong", 5): 0.7, ("weak", 9): 0.8, ("strong", 9): 0.9}


def grid(files: Files) -> pd.DataFrame:
    """Of FixMatch with two budgets, augmentations, confidences and seeds; its baseline reads but the augmentation."""
    points = []
    for (augment, budget), auc in BASELINES.items():
        for confidence, seed in product(("0.8", "0.95"), (0, 1)):
            values = {BUDGET: str(budget), AUGMENT: augment, CONFIDENCE: confidence}
            varied = tuple(Setting(name, text, text, text) for name, text in values.items())
            one = Point("fixmatch", seed, f"{augment}-{budget}-{confidence}", (), varied)
            found = auc + (0.02 if seed else 0)
            rows = [("fixmatch", "method", "auc", found + 0.05, 0.5, 1.0)]
            rows += [
                ("labeled_only", "baseline", "auc", found, 0.5, 1.0),
                ("majority", "floor", "auc", 0.5, None, None),
            ]
            finish(files, one, 2 * budget, rows)
            points.append(one)
    idle = {"fixmatch": {"baseline": {CONFIDENCE}, "floor": {CONFIDENCE, AUGMENT}}}
    return points_table(files, points, [BUDGET, AUGMENT, CONFIDENCE], idle)


def test_a_baseline_is_kept_for_each_value_of_what_it_reads_and_counts_once_for_all_else(tmp_path):
    means = configurations_table(grid(Files(tmp_path, "test", "kinds")))
    found = means[means["role"] == "baseline"].set_index([AUGMENT, "labeled"])
    assert set(found[CONFIDENCE]) == {""}
    expected = {(augment, 2 * budget): auc + 0.01 for (augment, budget), auc in BASELINES.items()}
    assert found["mean"].to_dict() == pytest.approx(expected)
    assert list(found["sd"]) == pytest.approx([0.01 * 2**0.5] * 4)  # of two seeds, though four runs have it
    assert list(found["seeds"]) == [2] * 4
    assert len(means[means["role"] == "method"]) == 8
    assert means.loc[means["role"] == "floor", ["labeled", "mean", "sd"]].to_numpy().tolist() == [
        [10, 0.5, 0.0],
        [18, 0.5, 0.0],
    ]


def test_curves_have_a_baseline_for_each_value_of_what_it_reads(tmp_path):
    figure = draw_curves(grid(Files(tmp_path, "test", "kinds")), [BUDGET, AUGMENT, CONFIDENCE])
    assert figure is not None
    lines = {one.get_label(): one.lines[0] for one in figure.axes[0].containers}
    methods = {
        f"fixmatch, {AUGMENT} {one}, {CONFIDENCE} {other}" for one in ("weak", "strong") for other in (0.8, 0.95)
    }
    baselines = {f"labeled_only, {AUGMENT} {one} (baseline)" for one in ("weak", "strong")}
    assert set(lines) == methods | baselines | {"majority (floor)"}
    for augment in ("weak", "strong"):
        line = lines[f"labeled_only, {AUGMENT} {augment} (baseline)"]
        expected = [BASELINES[augment, budget] + 0.01 for budget in (5, 9)]
        assert [list(line.get_xdata()), list(line.get_ydata())] == [[10, 18], pytest.approx(expected)]


def test_the_screen_has_a_row_a_configuration(files):
    header, rows = screen_rows(tables(files, [BUDGET, CONFIDENCE])[1], [BUDGET, CONFIDENCE])
    assert header[1:4] == ["budget", "confidence", "Labels"]
    assert header[-5:] == ["Seeds", "Training s", "Images/s", "Parameters", "GFLOPs"]
    scores, costs = ["0.800 ± 0.141", "0.700 ± 0.141", "2"], ["6.5", "186", "700", "0.003"]
    assert rows[0] == ["fixmatch", "5", "0.8", "10", *scores, *costs]
    assert rows[2][:5] == ["supervised", "5", "", "10", "0.600"]


def test_curves_show_every_configuration_beside_baselines_and_floors(files):
    figure = draw_curves(tables(files, [BUDGET, CONFIDENCE])[0], [BUDGET, CONFIDENCE])
    assert figure is not None
    (legend,) = figure.legends
    said = {text.get_text() for text in legend.get_texts()}
    assert said == {f"fixmatch, {CONFIDENCE} 0.8", "supervised", "labeled_only (baseline)", "majority (floor)"}
    line = figure.axes[0].containers[0].lines[0]
    assert [list(line.get_xdata()), list(line.get_ydata())] == [[10, 18], pytest.approx([0.8, 0.8])]


def test_one_budget_makes_no_curve(files):
    points, _ = tables(files, [BUDGET, CONFIDENCE])
    assert draw_curves(points[points["labeled"] == 10], [BUDGET, CONFIDENCE]) is None


def test_a_run_without_a_note_has_no_seconds(files):
    (files.models(point("fixmatch", 9, 0)) / "completed.json").unlink()
    points, means = tables(files, [BUDGET, CONFIDENCE])
    assert points.loc[points["run"] == "fixmatch-budget_9/seed0", "seconds"].isna().all()
    assert len(screen_rows(means, [BUDGET, CONFIDENCE])[1]) == 3
