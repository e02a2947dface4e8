from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline, node, pipeline
from kedro.runner import SequentialRunner
from mlflow import MlflowClient
from mlflow.entities import Run, ViewType

from nevus.hooks import TrackingHooks

FACTORY = {
    "{run}.metrics": {
        "type": "pandas.CSVDataset",
        "filepath": "{run}/metrics.csv",
        "save_args": {"index": False},
        "metadata": {"mlflow": "metrics"},
    },
    "{run}.history": {
        "type": "pandas.CSVDataset",
        "filepath": "{run}/history.csv",
        "save_args": {"index": False},
        "metadata": {"mlflow": ["history", "artifact"]},
    },
    "{run}.report": {
        "type": "json.JSONDataset",
        "filepath": "{run}/report.json",
        "metadata": {"mlflow": "artifact"},
    },
}


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")  # so that what MLflow itself sets is undone after the test
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    # A refused connection needs no patience.
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A migrated database, made once: the migrations take seconds."""
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path.read_bytes()


@pytest.fixture
def root(tmp_path: Path, empty_store: bytes) -> Path:
    (tmp_path / "mlflow.db").write_bytes(empty_store)
    return tmp_path


@pytest.fixture
def metrics() -> pd.DataFrame:
    nan = float("nan")
    rows = [
        ("ssgan", "method", "accuracy", 0.81, 0.77, 0.85),
        ("ssgan", "method", "auc", 0.88, nan, nan),
        ("supervised", "baseline", "accuracy", 0.75, 0.70, 0.80),
        ("majority class", "floor", "accuracy", 0.5, nan, nan),
    ]
    return pd.DataFrame(rows, columns=["method", "role", "metric", "value", "low", "high"])


@pytest.fixture
def audit() -> dict[str, pd.DataFrame]:
    """What the audit leaves of a small corpus with one fault."""
    counts = [("all", "all", "labeled", 1200, 900), ("all", "all", "test", 30, 30)]
    counts += [("class", "benign", "labeled", 1100, 850), ("class", "melanoma", "labeled", 100, 50)]
    findings = [
        ("act", "exact duplicates", 3, "pairs of twins", "a = b"),
        ("look", "outliers", 1, "images far from the usual [x]", "c"),
        ("fine", "quarantine", 0, "no file set aside", ""),
    ]
    shortcuts = [("corners", "linear", "balanced_accuracy", 0.72, 0.66, 0.77, 0.5)]
    return {
        "audit.counts": pd.DataFrame(counts, columns=["aspect", "value", "split", "images", "groups"]),
        "audit.findings": pd.DataFrame(findings, columns=["level", "check", "number", "finding", "examples"]),
        "audit.shortcuts": pd.DataFrame(
            shortcuts, columns=["probe", "model", "metric", "value", "low", "high", "floor"]
        ),
    }


@pytest.fixture
def make_catalog(root: Path) -> Callable[..., DataCatalog]:
    def make(**data: Any) -> DataCatalog:
        config = {name: entry | {"filepath": str(root / entry["filepath"])} for name, entry in FACTORY.items()}
        catalog = DataCatalog.from_config(config)
        for name, value in data.items():
            catalog[name] = value
        return catalog

    return make


@pytest.fixture
def run(root: Path) -> Callable[..., None]:
    """Run a pipeline with hooks as a Kedro session does."""

    def run(
        flow: Pipeline,
        catalog: DataCatalog,
        *,
        hooks: TrackingHooks,
        uri: str | None = None,
        parameters: dict[str, Any] | None = None,
        **params: Any,
    ) -> None:
        manager = _create_hook_manager()
        manager.register(hooks)
        loader = {"mlflow": {"enabled": True, "tracking_uri": uri, "experiment": "lesions"}}
        hooks.after_context_created(SimpleNamespace(config_loader=loader, project_path=root))
        hooks.after_catalog_created({"parameters": parameters or {}})
        run_params = {"pipeline_names": ["ssgan"], "env": None, "project_path": str(root), "runner": "x"} | params
        common = {"run_params": run_params, "pipeline": flow, "catalog": catalog}
        manager.hook.before_pipeline_run(**common)
        try:
            result = SequentialRunner().run(flow, catalog, manager)
        except Exception as error:
            manager.hook.on_pipeline_error(error=error, **common)
            raise
        manager.hook.after_pipeline_run(run_result=result, **common)

    return run


@pytest.fixture
def hooks() -> TrackingHooks:
    return TrackingHooks()


@pytest.fixture
def client(root: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{root / 'mlflow.db'}")


@pytest.fixture
def only_run(client: MlflowClient) -> Callable[[], Run]:
    def find() -> Run:
        ids = [experiment.experiment_id for experiment in client.search_experiments(ViewType.ALL)]
        (run,) = client.search_runs(ids)
        return run

    return find


def flow_of(**outputs: Any) -> Pipeline:
    """One node that makes each of these datasets; `ssgan__metrics` stands for `ssgan.metrics`."""
    names = [name.replace("__", ".") for name in outputs]
    return pipeline([node(lambda _: list(outputs.values()), "seed", names, name="fit")])
