"""Benchmarks are run by hand; here only that they run."""

from tests.benchmarks import training_step


def test_a_step_is_timed_beside_a_product(capsys, monkeypatch):
    monkeypatch.setattr(training_step, "SIDE", 64)
    training_step.main(["supervised", "ssgan", "--env=test", "--seconds=0.05"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [
        [method, part] for method in ("supervised", "ssgan") for part in ("network", "whole")
    ]
    assert all(float(line.split()[-1]) > 0 for line in lines[1:])
