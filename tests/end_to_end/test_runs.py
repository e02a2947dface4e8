"""Runs beside one another, and what a run remembers: with real processes."""

import json
import re
import shlex
import time

import pandas as pd
import pytest

from tests.fakes import fake_jpeg, write_folder

pytestmark = pytest.mark.slow

RUN = ("run", "--pipeline=supervised", "--env=test")
SLOW = "supervised.loop.steps=100000,supervised.loop.checkpoint_every=100"


def weights(made, name="supervised/seed0"):
    return made.data(f"06_models/test/{name}/model/artifacts/weights.safetensors").read_bytes()


def wait_for(path, process):
    deadline = time.monotonic() + 120
    while not path.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert path.exists(), process.communicate()


@pytest.fixture(scope="module")
def together(new_project):
    """A project in which two seeds were trained at the same time."""
    made = new_project()
    processes = [made.start(*RUN, "--params", f"seed={seed}") for seed in (0, 1)]
    for process in processes:
        _, stderr = process.communicate(timeout=300)
        assert process.returncode == 0, stderr
    return made


def test_an_ensemble_of_them_is_a_run_whose_model_scores_the_test_images(together):
    averaged = together.kedro("run", "--pipeline=ensemble", "--env=test")
    assert averaged.returncode == 0, averaged.stderr
    metrics = pd.read_csv(together.data("08_reporting/test/ensemble/seed0/metrics.csv"))
    assert dict(zip(metrics["method"], metrics["role"], strict=True)) == {
        "ensemble": "method",
        "supervised/seed0_alone": "ablation",
        "supervised/seed1_alone": "ablation",
        "majority": "floor",
        "colour_svm": "floor",
    }
    assert together.data("08_reporting/test/ensemble/seed0/report.html").stat().st_size > 10_000

    scored = together.kedro("run", "--pipeline=inference", "--env=test", "--params", "inference.model=ensemble/seed0")
    assert scored.returncode == 0, scored.stderr
    assert "Predictions: data/07_model_output/test/inference/seed0/predictions.csv" in scored.stdout
    lines = pd.read_csv(together.data("07_model_output/test/inference/seed0/predictions.csv"))
    predictions = pd.read_parquet(together.data("07_model_output/test/ensemble/seed0/predictions.parquet"))
    assert lines["image_name"].tolist() == predictions["image_id"].tolist()
    assert lines["target"].tolist() == pytest.approx(predictions["probability"].tolist(), abs=1e-6)


def test_an_ensemble_scores_a_folder_that_somebody_has(together, tmp_path):
    write_folder(tmp_path, {"b.jpg": fake_jpeg(0, 50, 80), "a.png": b"none", "sub/c.jpg": fake_jpeg(1)})
    given = f"model=ensemble/seed0,images={tmp_path},inference.columns=[decision, spread]"
    scored = together.kedro("run", "--pipeline=inference", "--env=test", "--params", given)
    assert scored.returncode == 0, scored.stderr
    lines = pd.read_csv(together.data("07_model_output/test/inference/seed0/predictions.csv"))
    assert list(lines.columns) == ["image_name", "target", "decision", "spread", "reason"]
    assert lines["image_name"].tolist() == ["a", "b", "sub/c"]
    assert lines["target"].isna().tolist() == [True, False, False]


def test_the_leaderboard_has_them_beside_the_ensemble_and_the_floors(together):
    result = together.kedro("run", "--pipeline=reporting", "--env=test")
    assert result.returncode == 0, result.stderr
    assert "Leaderboard: data/08_reporting/test/leaderboard/leaderboard.html" in result.stdout
    board = pd.read_csv(together.data("08_reporting/test/leaderboard/leaderboard.csv")).set_index("method")
    assert set(board.index) == {"supervised", "ensemble", "majority", "colour_svm"}
    assert board["corpus"].nunique() == 1
    assert (board.loc["supervised", "seeds"], board.loc["ensemble", "seeds"]) == (2, 1)
    metrics = [pd.read_csv(together.data(f"08_reporting/test/supervised/seed{seed}/metrics.csv")) for seed in (0, 1)]
    found = [one[(one["method"] == "supervised") & (one["metric"] == "auc")]["value"].item() for one in metrics]
    assert board.loc["supervised", "auc"] == pytest.approx(sum(found) / 2)
    assert board["low"].notna().all()  # all predictions were there, and gave the scores that were tracked
    assert board["note"].isna().all()
    assert board.loc["supervised", ["labeled", "parameters", "flops", "wall_seconds"]].gt(0).all()
    pairs = pd.read_csv(together.data("08_reporting/test/leaderboard/pairs.csv"))
    assert set(pairs["other"]) == {"majority", "colour_svm", board[board["rank"] == 1].index.item()}


def test_two_seeds_side_by_side_end_as_they_do_alone(together, new_project):
    alone = new_project()
    for seed in (0, 1):
        result = alone.kedro(*RUN, "--params", f"seed={seed}")
        assert result.returncode == 0, result.stderr
        name = f"supervised/seed{seed}"
        assert weights(together, name) == weights(alone, name)
        metrics = [project.data(f"08_reporting/test/{name}/metrics.csv").read_bytes() for project in (together, alone)]
        assert metrics[0] == metrics[1]
    assert weights(alone, "supervised/seed0") != weights(alone, "supervised/seed1")


def test_a_second_run_of_a_name_stops_before_it_trains_and_another_variant_goes_on(new_project):
    made = new_project()
    first = made.start(*RUN, "--params", SLOW)
    wait_for(made.data("06_models/test/supervised/seed0/checkpoint.pt"), first)
    started = time.monotonic()
    second = made.kedro(*RUN)
    assert time.monotonic() - started < 60
    assert second.returncode == 1
    assert f"process {first.pid}" in second.stderr
    assert "supervised/seed0" in second.stderr
    assert "variant=NAME" in second.stderr
    assert "Traceback" not in second.stderr
    other = made.kedro(*RUN, "--params", "variant=other,splits.label_budget=10")
    assert other.returncode == 0, other.stderr
    summary = pd.read_csv(made.data("08_reporting/test/supervised-other/seed0/corpus_summary.csv"))
    assert summary.loc[summary["split"] == "labeled", "images"].tolist() == [10, 10]
    first.kill()
    first.communicate()
    again = made.kedro(*RUN, "--params", "supervised.loop.steps=20")  # the lock went with its process
    assert again.returncode == 0, again.stderr
    summary = pd.read_csv(made.data("08_reporting/test/supervised/seed0/corpus_summary.csv"))
    assert summary.loc[summary["split"] == "labeled", "images"].tolist() == [20, 20]


def test_a_finished_run_remembers_what_it_was_trained_with(new_project):
    made = new_project()
    trained = made.kedro(*RUN, "--params", "supervised.loop.steps=15")
    assert trained.returncode == 0, trained.stderr
    before = weights(made)
    reported = made.kedro(*RUN, "--tags=reporting", "--params", "supervised.loop.steps=31415,evaluation.replicates=150")
    assert reported.returncode == 0, reported.stderr
    page = re.sub(r"data:image[^\"]*", "", made.data("08_reporting/test/supervised/seed0/report.html").read_text())
    assert "<code>supervised.loop.steps</code>: 15" in page
    assert "31415" not in page
    assert "<code>evaluation.replicates</code>: 150" in page
    assert weights(made) == before
    record = json.loads(made.data("06_models/test/supervised/seed0/model/artifacts/record.json").read_text())
    assert record["parameters"]["supervised"]["loop"]["steps"] == 15
    assert record["parameters"]["ingestion"]["format"] == "phantom"
    assert record["parameters"]["splits"]["label_budget"] is None


def test_what_a_run_lacks_is_made_by_the_command_that_its_message_names(new_project):
    made = new_project()
    reporting = (*RUN, "--tags=reporting", "--params", "seed=1,variant=x,evaluation.replicates=100")
    lacking = made.kedro(*reporting)
    assert lacking.returncode == 1
    (command,) = re.findall(r"`kedro (run [^`]*)`", lacking.stderr)
    cure = made.kedro(*shlex.split(command))
    assert cure.returncode == 0, cure.stderr
    reported = made.kedro(*reporting)
    assert reported.returncode == 0, reported.stderr


def test_only_what_is_missing_is_made(new_project):
    made = new_project()
    assert made.kedro(*RUN).returncode == 0
    before, figure = weights(made), made.data("08_reporting/test/supervised/seed0/roc.png")
    stamp = made.data("06_models/test/supervised/seed0/model/MLmodel").stat().st_mtime_ns
    figure.unlink()
    again = made.kedro(*RUN, "--only-missing-outputs")
    assert again.returncode == 0, again.stderr
    assert figure.exists()
    assert made.data("06_models/test/supervised/seed0/model/MLmodel").stat().st_mtime_ns == stamp
    other = made.kedro(*RUN, "--only-missing-outputs", "--params", "seed=1")  # another run, of which nothing is there
    assert other.returncode == 0, other.stderr
    assert weights(made, "supervised/seed1") != before


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("seed=-1", "seed: -1 must be a whole number"),
        ("seed=one", "seed: 'one' must be a whole number"),
        ("variant=../elsewhere", "variant: '../elsewhere' names folders"),
        ("variant=a/b", "variant: 'a/b' names folders"),
    ],
)
def test_a_name_that_cannot_be_is_refused(new_project, given, says):
    made = new_project()
    result = made.kedro(*RUN, "--params", given)
    assert result.returncode == 1
    assert says in result.stderr
    assert "Traceback" not in result.stderr
