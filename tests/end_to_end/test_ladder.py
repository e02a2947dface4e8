"""The ladder: several trainings in one run."""

import pandas as pd
import pytest
from mlflow import MlflowClient

pytestmark = pytest.mark.slow

RUNGS = ["labels", "consistency", "gan", "start"]


@pytest.fixture(scope="module")
def climbed(new_project):
    """A project in which the ladder was climbed."""
    made = new_project()
    result = made.kedro("run", "--pipeline=ladder", "--env=test")
    assert result.returncode == 0, result.stderr
    assert "Report: data/08_reporting/test/ladder/seed0/report.html" in result.stdout
    return made


def test_every_rung_is_scored_on_the_same_images_and_compared_with_the_one_below(climbed):
    metrics = pd.read_csv(climbed.data("08_reporting/test/ladder/seed0/metrics.csv"))
    assert list(dict.fromkeys(metrics["method"])) == [*RUNGS, "majority", "colour_svm"]
    comparison = pd.read_csv(climbed.data("08_reporting/test/ladder/seed0/comparison.csv"))
    auc = comparison[comparison["metric"] == "auc"]
    assert auc["rung"].tolist() == RUNGS
    assert auc["below"].tolist() == ["colour_svm", *RUNGS[:-1]]


def test_every_rung_is_an_mlflow_run_in_that_of_the_ladder(climbed):
    client = MlflowClient(f"sqlite:///{climbed.root}/mlflow.db")
    runs = client.search_runs([one.experiment_id for one in client.search_experiments()])
    found = {run.info.run_name: run for run in runs}
    parent = found.pop("ladder/seed0")
    assert set(found) == {f"ladder/seed0, {name}" for name in [*RUNGS, "features"]}
    assert {run.data.tags["mlflow.parentRunId"] for run in found.values()} == {parent.info.run_id}
    for name in RUNGS:
        assert found[f"ladder/seed0, {name}"].data.metrics["auc"] == parent.data.metrics[f"{name}/auc"]
    assert found["ladder/seed0, start"].data.params["start"] == "simclr"
    assert not any(name.startswith("labels.") for name in found["ladder/seed0, start"].data.params)


def test_the_last_rung_starts_from_the_features_of_the_same_run_and_can_be_used_like_any_run(climbed):
    result = climbed.kedro(
        "run", "--pipeline=inference", "--env=test", "--params", "inference.model=ladder.start/seed0"
    )
    assert result.returncode == 0, result.stderr
    folder = climbed.data("07_model_output/test")
    start, gan = (pd.read_parquet(folder / f"ladder.{name}/seed0/predictions.parquet") for name in ("start", "gan"))
    assert (start["probability"] != gan["probability"]).any()
    scored = pd.read_csv(climbed.data("07_model_output/test/inference/seed0/predictions.csv"))
    assert scored["target"].tolist() == pytest.approx(start["probability"].tolist(), abs=1e-6)
