"""Benchmarks are run by hand; here only that they run."""

from nevus.tracking.results import ResultsStore
from tests.benchmarks import leaderboard, score_images, training_step
from tests.fakes import fake_jpeg, write_folder


def test_a_step_is_timed_beside_a_product(capsys, monkeypatch):
    monkeypatch.setattr(training_step, "SIDE", 64)
    training_step.main(["supervised", "ssgan", "--env=test", "--seconds=0.05"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [
        [method, part] for method in ("supervised", "ssgan") for part in ("network", "whole")
    ]
    assert all(float(line.split()[-1]) > 0 for line in lines[1:])


def test_runs_are_made_for_the_leaderboard(tmp_path, empty_store):
    (tmp_path / "mlflow.db").write_bytes(empty_store)
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    leaderboard.fill(uri, "lesions", tmp_path / "mlartifacts", 3)
    found = ResultsStore(uri, "lesions").results([])
    assert [run.name for run in found] == ["method_2/seed0", "method_1/seed0", "method_0/seed0"]
    assert len(ResultsStore(uri, "lesions").predictions(found[0].artifacts, "colour_svm.parquet")) == 300


def test_images_are_scored_in_several_ways(capsys, tmp_path):
    write_folder(tmp_path, {f"{seed}.jpg": fake_jpeg(seed) for seed in range(3)})
    score_images.main([str(tmp_path), "--rounds=1", "--threads=1"])
    first, _, *lines = capsys.readouterr().out.splitlines()
    assert first == "3 images, 1 threads"
    assert [line[:24].strip() for line in lines][::3] == ["decoding", "mean of eight views"]
