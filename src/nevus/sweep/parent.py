"""The MLflow run of a whole sweep, in which those of its points are nested."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nevus.hooks.provenance import call_tags
from nevus.hooks.store import LONGEST_PARAM, LONGEST_TAG
from nevus.tracking.causes import brief, cut, why
from nevus.tracking.experiment import Target, open_experiment
from nevus.tracking.options import TrackingOptions, sqlite_target, wanted_target

if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)

MARK = "sweep"  # tag with the sweep's name


class ParentRun:
    """One MLflow run for all calls of a sweep. Tracking never ends a sweep: what cannot be recorded is a warning.

    Args:
        options: Where runs are kept; None or switched off keeps none.
        root: The project's folder.
        name: Of the sweep.
    """

    def __init__(self, options: TrackingOptions | None, root: Path, name: str) -> None:
        self._options, self._root, self._name = options, root, name
        self._client: MlflowClient | None = None
        self.run_id: str | None = None

    def begin(self, tags: Mapping[str, str], params: Mapping[str, str]) -> None:
        """Start the run, or go on with that of an earlier call; in the local store where the wanted one is lost.

        Args:
            tags: Of this call.
            params: Of the sweep.
        """
        if self._options is None or not self._options.enabled:
            return
        local = sqlite_target(self._root / "mlflow.db", self._options.experiment)
        for target in dict.fromkeys([wanted_target(self._options, self._root, local), local]):
            try:
                self._begin(target, {**tags, MARK: self._name}, params)
                return
            except Exception as error:  # the runs are worth more than their record
                logger.warning("The sweep is not tracked in %s. %s", target.uri, why(error, target.uri))

    def end(self, status: str, files: Iterable[Path]) -> None:
        """Keep the results, and end the run as FINISHED, FAILED or KILLED."""
        if self._client is None or self.run_id is None:
            return
        try:
            for file in files:
                self._client.log_artifact(self.run_id, str(file))
            self._client.set_terminated(self.run_id, status)
        except Exception as error:
            logger.warning("The end of the sweep is not tracked. %s", brief(error))

    def _begin(self, target: Target, tags: Mapping[str, str], params: Mapping[str, str]) -> None:
        client, experiment_id = open_experiment(target)
        shown = {key: cut(value, LONGEST_TAG) for key, value in tags.items()}
        same = f"tags.{MARK} = '{self._name}' and tags.dataset = '{tags['dataset']}'"
        found = client.search_runs([experiment_id], same, max_results=1)
        if found:
            run_id = found[0].info.run_id
            for key, value in shown.items():  # first of all whose process it is: one that is dead would be ended
                client.set_tag(run_id, key, value)
            client.update_run(run_id, status="RUNNING")
        else:
            run_id = client.create_run(experiment_id, int(time.time() * 1000), shown, self._name).info.run_id
            for key, value in params.items():
                client.log_param(run_id, key, cut(value, LONGEST_PARAM))
        self._client, self.run_id = client, run_id


def tags_of(
    pipelines: list[str], env: str | None, dataset: str, root: Path, registered: Mapping[str, Any]
) -> dict[str, str]:
    """Tags of this call: what it runs, and the code, machine and process."""
    asked = {"pipeline_names": pipelines, "env": env, "project_path": str(root)}
    whole = sum((registered[name] for name in pipelines[1:]), registered[pipelines[0]])
    return {**call_tags(asked, whole, registered), "dataset": dataset}
