"""Tables and curves of a sweep, made of what its runs have saved."""

import json
from pathlib import Path

import pandas as pd
import pytest

from nevus.hooks.completion import write_note
from nevus.sweep.files import Files, by_corpus
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
        one = point(pipeline, budget, seed)
        folder = made.models(one) / "model"
        (folder / "artifacts").mkdir(parents=True)
        (folder / "MLmodel").touch()
        (folder / "artifacts" / "record.json").write_text(json.dumps({"images": {"labeled": 2 * budget}}))
        write_note(made.models(one), {"parameters": {}, "seconds": 10.0 + seed})
        rows = [(pipeline, "method", "auc", auc, 0.5, 1.0), (pipeline, "method", "accuracy", auc - 0.1, None, None)]
        rows += [("labeled_only", "baseline", "auc", 0.6, 0.5, 1.0), ("majority", "floor", "auc", 0.5, None, None)]
        made.metrics(one).parent.mkdir(parents=True)
        columns = ["method", "role", "metric", "value", "low", "high"]
        pd.DataFrame(rows, columns=columns).to_csv(made.metrics(one), index=False)
    return made


def tables(files: Files, varied: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    points = points_table(files, [point(*key) for key in AUC], varied)
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


def test_the_screen_has_a_row_a_configuration(files):
    header, rows = screen_rows(tables(files, [BUDGET, CONFIDENCE])[1], [BUDGET, CONFIDENCE])
    assert header[1:4] == ["budget", "confidence", "Labels"]
    assert rows[0] == ["fixmatch", "5", "0.8", "10", "0.800 ± 0.141", "0.700 ± 0.141", "2", "10"]
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


def test_runs_that_pack_other_images_into_one_folder_come_one_group_after_the_other():
    def packed(chunk: str, seed: int) -> Point:
        return Point("ssgan", seed, chunk, (), (Setting("ingestion.chunk", chunk, chunk, chunk),))

    points = [packed("8", 0), packed("9", 0), packed("8", 1), packed("9", 1)]
    groups = [[(one.variant, one.seed) for one in group] for group in by_corpus(points)]
    assert groups == [[("8", 0), ("8", 1)], [("9", 0), ("9", 1)]]
    assert len(list(by_corpus([point(*key) for key in AUC]))) == 1
