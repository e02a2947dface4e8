"""Which tracked runs go, and that MLflow and the folders agree afterwards."""

from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from nevus.hooks.prune import ARTIFACTS, DATABASE, outdated, plan_pruning, prune
from nevus.tracking.tracked_runs import TrackedRun

UNKNOWN = "0123456789abcdef" * 2


def run(run_id, started=0, **further):
    return TrackedRun(run_id, run_id, further.pop("experiment", "test"), started=started, **further)


def ids(runs):
    return sorted(one.run_id for one in runs)


@pytest.mark.parametrize(("keep", "going"), [(0, ["a", "b", "c"]), (1, ["a", "b"]), (2, ["a"]), (3, []), (9, [])])
def test_the_newest_runs_stay(keep, going):
    assert ids(outdated([run("b", 2), run("c", 3), run("a", 1)], keep)[0]) == going


def test_every_experiment_keeps_its_own():
    runs = [run("a", 1), run("b", 2), run("x", 8, experiment="other"), run("y", 9, experiment="other")]
    assert ids(outdated(runs, 1)[0]) == ["a", "x"]


def test_nested_runs_share_the_fate_of_their_parent_and_do_not_count():
    runs = [run("a", 1), run("a1", 5, parent="a"), run("a2", 6, parent="a1"), run("b", 2), run("b1", 3, parent="b")]
    assert ids(outdated(runs, 1)[0]) == ["a", "a1", "a2"]


def test_a_run_whose_parent_is_gone_counts_for_itself():
    runs = [run("a", 1, is_deleted=True), run("a1", 2, parent="a"), run("b1", 3, parent="nobody")]
    assert ids(outdated(runs, 1)[0]) == ["a", "a1"]


@pytest.mark.parametrize("further", [{"is_going_on": True}, {"registered": "best"}])
def test_a_family_with_a_run_that_must_stay_stays_and_is_named(further):
    going, kept = outdated([run("a", 1), run("a1", 2, parent="a", **further), run("b", 3)], 0)
    assert ids(going) == ["b"]
    assert len(kept) == 1
    assert "a1" in kept[0]


@pytest.fixture
def store(tmp_path) -> MlflowClient:
    """Two runs, the first with a nested one, each with artifacts and a logged model."""
    client = MlflowClient(f"sqlite:///{tmp_path / DATABASE}")
    experiment = client.create_experiment("test", artifact_location=(tmp_path / ARTIFACTS).as_uri())
    (tmp_path / "file").write_text("content")
    first = ""
    for started in (1, 2, 3):
        tags = {MLFLOW_PARENT_RUN_ID: first} if started == 2 else {}
        made = client.create_run(experiment, started, tags, f"run{started}").info.run_id
        first = first or made
        client.log_artifact(made, str(tmp_path / "file"))
        model = client.create_logged_model(experiment, "model", made)
        client.log_model_artifact(model.model_id, str(tmp_path / "file"), "")
        client.finalize_logged_model(model.model_id, "READY")
        client.set_terminated(made)
    return client


def folders(root: Path) -> set[str]:
    found = [*(root / ARTIFACTS).glob("*"), *(root / ARTIFACTS / "models").glob("*")]
    return {path.name for path in found if path.name != "models"}


def all_runs(client: MlflowClient) -> list:
    names = [one.experiment_id for one in client.search_experiments()]
    return client.search_runs(names, run_view_type=ViewType.ALL)


def test_artifacts_and_models_go_with_their_runs_and_nothing_else_is_left(store, tmp_path):
    (tmp_path / ARTIFACTS / UNKNOWN / "artifacts").mkdir(parents=True)
    assert prune(tmp_path, plan_pruning(tmp_path, 1)) == []
    (left,) = all_runs(store)
    assert left.info.run_name == "run3"
    models = store.search_logged_models([left.info.experiment_id])
    assert folders(tmp_path) == {left.info.run_id, *(model.model_id for model in models)}
    assert [model.source_run_id for model in models] == [left.info.run_id]


def test_what_the_user_deleted_in_mlflow_goes_as_well(store, tmp_path):
    newest = max(all_runs(store), key=lambda one: one.info.start_time)
    store.delete_run(newest.info.run_id)
    assert prune(tmp_path, plan_pruning(tmp_path, 5)) == []
    assert newest.info.run_id not in folders(tmp_path)
    assert len(all_runs(store)) == 2


def test_nothing_goes_where_few_runs_are(store, tmp_path):
    before = folders(tmp_path)
    pruning = plan_pruning(tmp_path, 2)
    assert (pruning.runs, pruning.folders) == ([], [])
    assert prune(tmp_path, pruning) == []
    assert folders(tmp_path) == before


def test_without_a_database_all_artifacts_are_orphans_but_folders_of_other_names_stay(tmp_path):
    for name in (UNKNOWN, f"models/m-{UNKNOWN}", "1", "notes"):
        (tmp_path / ARTIFACTS / name).mkdir(parents=True)
    assert prune(tmp_path, plan_pruning(tmp_path, 0)) == []
    assert folders(tmp_path) == {"1", "notes"}
    assert not (tmp_path / DATABASE).exists()


def test_artifacts_of_a_database_set_aside_stay(store, tmp_path):
    before = folders(tmp_path)
    (tmp_path / DATABASE).rename(tmp_path / f"{DATABASE}.aside")
    pruning = plan_pruning(tmp_path, 0)
    assert pruning.folders == []
    assert f"{DATABASE}.aside" in pruning.kept[0]
    assert folders(tmp_path) == before


def test_a_copy_of_a_project_leaves_the_artifacts_of_the_original(store, tmp_path):
    """Its database names the original's folders."""
    copy = tmp_path / "copy"
    copy.mkdir()
    (tmp_path / DATABASE).rename(copy / DATABASE)
    before = folders(tmp_path)
    (copy / ARTIFACTS / all_runs(MlflowClient(f"sqlite:///{copy / DATABASE}"))[0].info.run_id).mkdir(parents=True)
    pruning = plan_pruning(copy, 0)
    assert prune(copy, pruning) == []
    assert len(pruning.runs) == 3
    assert folders(tmp_path) == before
    assert folders(copy) == set()
    again = plan_pruning(copy, 0)
    assert (again.runs, again.folders) == ([], [])
