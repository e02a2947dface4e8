import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import AbstractDataset, DataCatalog
from kedro.pipeline import Node, Pipeline, node, pipeline
from kedro.runner import SequentialRunner
from mlflow import MlflowClient
from mlflow.entities import Run, ViewType
from mlflow.models import Model

from nevus.contracts import Classifier, NevusError
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
    "{run}.classifier": {
        "type": "tests.hooks.conftest.RecordDataset",
        "filepath": "{run}/model",
    },
}


class RecordDataset(AbstractDataset[Classifier, Classifier]):
    """Keeps of a classifier what it was trained on, as an MLflow model folder does too."""

    def __init__(self, *, filepath: str) -> None:
        self._filepath = Path(filepath)
        self.metadata = {"mlflow": "model"}

    def load(self) -> Classifier:
        return Classifier({}, {}, np.zeros((1, 8, 8, 3), np.uint8), self.record())

    def save(self, data: Classifier) -> None:
        self._filepath.mkdir(parents=True, exist_ok=True)
        Model(flavors={"python_function": {}}).save(str(self._filepath / "MLmodel"))
        (self._filepath / "record.json").write_text(json.dumps(data.record))

    def record(self) -> dict[str, Any]:
        return json.loads((self._filepath / "record.json").read_text())

    def _describe(self) -> dict[str, Any]:
        return {}


def classifier_of(method: str, seed: int = 3, variant: str = "", **options: Any) -> Classifier:
    """A classifier that says it was trained with these options; an `origin` is that of its corpus."""
    origin = options.pop("origin", {"ingestion": {"size": 32}})
    network = {"network": {"kind": "residual", "width": 48}}
    record = {
        "method": method,
        "variant": variant,
        "seed": seed,
        "parameters": {method: network | options, **origin},
        "corpus": "f" * 64,
        "images": {"labeled": 20, "unlabeled": 60, "test": 40},
        "code": {},
    }
    return Classifier({}, {}, np.zeros((1, 8, 8, 3), np.uint8), record)


def method_flow(name: str = "ssgan", *, metrics: pd.DataFrame, fail: bool = False) -> Pipeline:
    """The nodes of a method with a baseline, in the order that they run in."""
    history = pd.DataFrame({"step": [1, 2], "labeled_loss": [0.5, 0.4]})

    def evaluate(*_: Any) -> pd.DataFrame:
        if fail:
            raise NevusError("no test images")
        return metrics

    def fit(method: str, network: Any, seed: int, variant: str) -> tuple[Classifier, pd.DataFrame]:
        return classifier_of(method, seed, variant), history

    def fitting(namespace: str, method: str, after: str) -> Node:
        inputs = [f"params:{method}", "params:seed", "params:variant"]
        outputs = [f"{namespace}.classifier", f"{namespace}.history"]
        return node(lambda _, *given: fit(method, *given), [after, *inputs], outputs, name=f"{namespace}.fit")

    return pipeline(
        [
            node(lambda ingestion: {"images": 3}, "params:ingestion", "corpus_summary", name="pack"),
            fitting(f"{name}.baseline", "supervised", "corpus_summary"),
            fitting(name, name, f"{name}.baseline.history"),
            node(evaluate, [f"{name}.classifier", f"{name}.baseline.classifier"], f"{name}.metrics", name="evaluate"),
        ]
    )


PARAMETERS = {
    "ssgan": {"network": {"kind": "residual", "width": 48}, "unlabeled_weight": 1.0},
    "supervised": {"network": {"kind": "residual", "width": 48}},
    "ingestion": {"size": 32},
    "augmentation": {"seed": 9},
    "seed": 3,
    "variant": "wide",
}


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")  # so that what MLflow itself sets is undone after the test
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    # A refused connection needs no patience.
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


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
        ("image_alone", "ablation", "accuracy", 0.79, nan, nan),
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
    return lambda **data: catalog_in(root, data)


def run_with(
    hooks: TrackingHooks,
    root: Path,
    flow: Pipeline,
    catalog: DataCatalog,
    *,
    uri: str | None = None,
    parameters: dict[str, Any] | None = None,
    **params: Any,
) -> None:
    """Run a pipeline with hooks as a Kedro session does."""
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


def catalog_in(root: Path, data: dict[str, Any]) -> DataCatalog:
    """A catalog whose files lie in a folder."""
    config = {name: entry | {"filepath": str(root / entry["filepath"])} for name, entry in FACTORY.items()}
    catalog = DataCatalog.from_config(config)
    for name, value in data.items():
        catalog[name] = value
    return catalog


@pytest.fixture
def run(root: Path) -> Callable[..., None]:
    return lambda flow, catalog, *, hooks, **more: run_with(hooks, root, flow, catalog, **more)


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


@pytest.fixture
def runs(client: MlflowClient) -> Callable[[], dict[str, Run]]:
    def find() -> dict[str, Run]:
        ids = [experiment.experiment_id for experiment in client.search_experiments(ViewType.ALL)]
        return {run.info.run_name: run for run in client.search_runs(ids)}

    return find


@pytest.fixture
def train(
    hooks: TrackingHooks, run: Callable[..., None], make_catalog: Callable[..., DataCatalog]
) -> Callable[..., None]:
    """Run the pipeline of a method with a baseline."""

    def train(flow: Pipeline, *, parameters: dict[str, Any] = PARAMETERS, **more: Any) -> None:
        given = {f"params:{group}": value for group, value in parameters.items()}
        run(flow, make_catalog(**given), hooks=hooks, parameters=parameters, **more)

    return train


def flow_of(**outputs: Any) -> Pipeline:
    """One node that makes each of these datasets; `ssgan__metrics` stands for `ssgan.metrics`."""
    names = [name.replace("__", ".") for name in outputs]
    return pipeline([node(lambda _: list(outputs.values()), "seed", names, name="fit")])
