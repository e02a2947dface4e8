"""Tracking stores with made-up runs: as the hooks leave them, without training anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param
from mlflow.utils.file_utils import local_file_uri_to_path
from sklearn.metrics import roc_auc_score

CORPUS, OTHER_CORPUS = "a" * 64, "b" * 64
STARTED = 1_700_000_000_000  # milliseconds since 1970


def said(skill: float, seed: int, *, images: int = 120, test: int = 0) -> pd.DataFrame:
    """Predictions of test images whose classes lie `skill` standard deviations apart; two images a lesion.

    Args:
        skill: 0 tells nothing.
        seed: Of the noise.
        images: How many.
        test: Which images; others have other ids.
    """
    labels = np.arange(images) // 2 % 2
    noise = np.random.default_rng(seed).normal(skill * (labels - 0.5), 1.0)
    return pd.DataFrame(
        {
            "image_id": [f"test{test}-{number}" for number in range(images)],
            "split": "test",
            "group_id": [f"lesion-{number // 2}" for number in range(images)],
            "label": labels,
            "probability": 1 / (1 + np.exp(-noise)),
            "seed": seed,
        }
    )


def auc_of(predictions: pd.DataFrame) -> float:
    return float(roc_auc_score(predictions["label"], predictions["probability"]))


class Tracker:
    """Adds runs to an experiment.

    Args:
        uri: Of the store.
        experiment: Name; made if there is none.
        artifacts: Folder for the artifacts of a new experiment.
    """

    def __init__(self, uri: str, experiment: str, artifacts: Path) -> None:
        self.client = MlflowClient(uri)
        found = self.client.get_experiment_by_name(experiment)
        self.experiment_id: str = (
            found.experiment_id if found else self.client.create_experiment(experiment, artifacts.as_uri())
        )
        self._clock = STARTED

    def run(
        self,
        name: str,
        *,
        predictions: Mapping[str, pd.DataFrame] | None = None,
        metrics: Mapping[str, float] | None = None,
        corpus: str = CORPUS,
        labeled: int = 40,
        tags: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        status: str = "FINISHED",
        parent: str | None = None,
    ) -> str:
        """One run, started a minute after the one before; gives its id.

        Args:
            name: Such as `ssgan/seed0`; the tags of method and seed come from it.
            predictions: Artifacts, by the names of their files without the ending; that of `predictions` is scored.
            metrics: Beside the AUC.
            corpus: Fingerprint; "" leaves it out.
            labeled: Number of labelled images.
            tags: Beside the usual ones.
            params: Of the method.
            status: As MLflow calls it.
            parent: Id of the run that it is nested in.
        """
        self._clock += 60_000
        method, _, seed = name.partition("/seed")
        known = {
            "dataset": "test",
            "method": method.partition(",")[0].partition("-")[0],
            "seed": seed.partition(",")[0],
        }
        known |= {"corpus": corpus} if corpus else {}
        known |= {"training_seconds": "40.5", "training_images_per_second": "2000", "network_flops": "1e6"}
        known |= {"network_parameters": "5000"} | dict(tags or {})
        known |= {"mlflow.parentRunId": parent} if parent else {}
        run_id: str = self.client.create_run(self.experiment_id, self._clock, known, name).info.run_id
        scores = {"auc": auc_of(predictions["predictions"])} if predictions and "predictions" in predictions else {}
        scores |= dict(metrics or {})
        self.client.log_batch(
            run_id,
            [Metric(key, value, self._clock, 0) for key, value in scores.items()],
            [Param(key, value) for key, value in (params or {"loop.steps": "20"}).items()],
        )
        profile = json.dumps({"images": {"labeled": labeled, "unlabeled": 60}})
        used = Dataset("test", corpus[:12] or "none", "nevus", "{}", profile=profile)
        self.client.log_inputs(run_id, [DatasetInput(used, [InputTag("mlflow.data.context", "training")])])
        self._log(run_id, predictions or {})
        if status != "RUNNING":
            self.client.set_terminated(run_id, status, self._clock + 50_000)
        return run_id

    def trained(self, method: str, skill: float, seeds: Any = (0, 1, 2), **more: Any) -> None:
        """Finished runs of a method with its floors, a seed each."""
        floors = {"majority": said(0.0, 7).assign(probability=0.5), "colour_svm": said(0.5, 8)}
        beside = {f"floor/{name}/auc": auc_of(table) for name, table in floors.items()}
        for seed in seeds:
            made = {"predictions": said(skill, seed + 10), **floors}
            own = {"accuracy": 0.7 + 0.01 * seed, **beside}
            self.run(f"{method}/seed{seed}", predictions=made, metrics=own, **more)

    def _log(self, run_id: str, tables: Mapping[str, pd.DataFrame]) -> None:
        folder = Path(local_file_uri_to_path(self.client.get_run(run_id).info.artifact_uri))
        folder.mkdir(parents=True)
        for name, table in tables.items():
            table.to_parquet(folder / f"{name}.parquet")
