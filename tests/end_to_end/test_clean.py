"""Starting again, as a user would: run, clean, run."""

import pytest

pytestmark = pytest.mark.slow


def test_a_cleaned_project_runs_again(new_project):
    project = new_project()
    run = ("run", "--pipeline=supervised", "--env=test")
    assert project.kedro(*run).returncode == 0
    pruned = project.kedro("clean", "--keep=0", "--yes")
    assert pruned.returncode == 0, pruned.stderr
    assert "tracked run supervised/seed0 of test" in pruned.stdout
    assert not [path for path in (project.root / "mlartifacts").rglob("*") if path.is_file()]
    report = project.data("08_reporting/test/supervised/seed0/report.html")
    assert report.is_file()
    cleaned = project.kedro("clean", "--all", "--yes")
    assert cleaned.returncode == 0, cleaned.stderr
    assert not (project.root / "mlflow.db").exists()
    left = {path.name for path in (project.root / "data").rglob("*") if path.is_file()}
    assert left == {"test_ledger.jsonl", ".test_ledger.jsonl.lock"}  # the test images stay scored
    again = project.kedro(*run)
    assert again.returncode == 0, again.stderr
    assert report.is_file()
    assert (project.root / "mlflow.db").is_file()
