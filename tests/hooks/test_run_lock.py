import pytest
from kedro.io import DataCatalog
from kedro.pipeline import Node, Pipeline

from nevus.hooks import RunLockHooks
from nevus.io.checkpoints import CheckpointsDataset
from nevus.locks import BusyError


def flow(namespace: str) -> Pipeline:
    return Pipeline([Node(lambda: 1, None, "history", name="fit")], namespace=namespace)


@pytest.fixture
def catalog(tmp_path):
    names = ("ssgan", "supervised")
    paths = {name: str(tmp_path / name / "seed0" / "checkpoint.pt") for name in names}
    return DataCatalog({f"{name}.checkpoints": CheckpointsDataset(filepath=path) for name, path in paths.items()})


def test_a_second_run_of_a_name_is_refused_and_says_which(catalog):
    first, second = RunLockHooks(), RunLockHooks()
    first.before_pipeline_run(flow("ssgan"), catalog)
    with pytest.raises(BusyError, match=r"The run ssgan/seed0 is in use by process .*variant=NAME"):
        second.before_pipeline_run(flow("ssgan"), catalog)
    first.after_pipeline_run()
    second.before_pipeline_run(flow("ssgan"), catalog)
    second.on_pipeline_error()


def test_runs_of_other_names_go_side_by_side(catalog):
    first, second = RunLockHooks(), RunLockHooks()
    first.before_pipeline_run(flow("ssgan"), catalog)
    second.before_pipeline_run(flow("supervised"), catalog)
    first.after_pipeline_run()
    second.after_pipeline_run()


def test_a_baseline_is_held_with_the_method_that_it_serves(catalog):
    first, second = RunLockHooks(), RunLockHooks()
    first.before_pipeline_run(flow("ssgan"), catalog)
    with pytest.raises(BusyError):
        second.before_pipeline_run(flow("ssgan.baseline"), catalog)
    first.after_pipeline_run()


def test_a_refused_run_lets_go_of_what_it_had(catalog):
    first, second = RunLockHooks(), RunLockHooks()
    first.before_pipeline_run(flow("supervised"), catalog)
    with pytest.raises(BusyError):
        second.before_pipeline_run(flow("ssgan") + flow("supervised"), catalog)
    third = RunLockHooks()
    third.before_pipeline_run(flow("ssgan"), catalog)
    third.after_pipeline_run()
    first.after_pipeline_run()
