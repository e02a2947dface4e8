"""A trained method is one MLflow run, with its parameters, curves, metrics, figures and model."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.config import MissingConfigException
from kedro.framework.hooks import hook_impl
from pydantic import ValidationError

from nevus.contracts import NevusError
from nevus.hooks.datasets import find_tracked, planned_path
from nevus.hooks.headers import Call
from nevus.hooks.journal import Step
from nevus.hooks.planned import namespace_of
from nevus.hooks.provenance import call_tags
from nevus.hooks.recorder import Loss, Recorder
from nevus.hooks.routing import Routing
from nevus.tracking.causes import brief
from nevus.tracking.options import TrackingOptions, sqlite_target, wanted_target

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext
    from kedro.pipeline import Pipeline

    from nevus.hooks.datasets import AnyDataset, Catalog
    from nevus.hooks.store import RunStore

logger = logging.getLogger(__name__)

PARENT_RUN = "NEVUS_PARENT_RUN"  # environment variable: id of the MLflow run that this call's runs are nested in


class TrackingHooks:
    """Tracks what the catalog marks with `metadata: {mlflow: KIND}`, or a list of kinds (`Routing.steps` has them).

    The namespace in front of a dataset's name says whose run it goes to; what has none goes to all that are not nested.
    Tracking never ends a run: what cannot be recorded is a warning.
    """

    def __init__(self) -> None:
        self._options: TrackingOptions | None = None
        self._root = Path()
        self._dataset: str | None = None
        self._parameters: dict[str, Any] = {}
        self._tracked: dict[str, tuple[AnyDataset, list[str]]] = {}
        self._routing: Routing | None = None
        self._recorder: Recorder | None = None

    @property
    def place(self) -> RunStore | None:
        """The first run where it is kept, once it has ended; None when it is not tracked."""
        return self._recorder.place if self._recorder else None

    @property
    def loss(self) -> Loss | None:
        """Why the runs are not where they should be, and how they get there; None when they are."""
        return self._recorder.loss if self._recorder else None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Read conf/*/mlflow.yml and the name of the data set in conf/*/globals.yml."""
        self._root = Path(context.project_path)
        try:
            self._dataset = context.config_loader["globals"].get("dataset")
        except (KeyError, MissingConfigException):
            self._dataset = None
        try:
            self._options = TrackingOptions.model_validate(context.config_loader["mlflow"])
        except (KeyError, MissingConfigException):
            self._options = None
        except ValidationError as error:
            problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise NevusError(f"mlflow.yml is not as it should be: {problems}. Change conf/base/mlflow.yml.") from error

    @hook_impl
    def after_catalog_created(self, parameters: dict[str, Any]) -> None:
        """Remember the validated parameters."""
        self._parameters = parameters.get("parameters", {})

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: Catalog) -> None:
        """Start the MLflow run; the pipeline does not wait for it."""
        self._end("KILLED")  # a run that was interrupted in a notebook
        self._recorder = None
        if self._options is None or not self._options.enabled:
            return
        self._tracked = find_tracked(pipeline, catalog)
        tags = call_tags(run_params, pipeline, registered_pipelines())
        tags["dataset"] = self._dataset or tags["env"]
        given, parent = run_params.get("runtime_params") or {}, os.environ.get(PARENT_RUN)
        call = Call(tags, given, self._parameters, pipeline.inputs(), parent)
        self._routing = Routing(pipeline, catalog, call)
        local = sqlite_target(self._root / "mlflow.db", self._options.experiment)
        wanted, headers = wanted_target(self._options, self._root, local), self._routing.headers
        self._recorder = Recorder(wanted, local, headers, self._journal_path(next(iter(headers))))
        if "ParallelRunner" in str(run_params.get("runner")):
            self._recorder.wait_until_open()  # forking while a thread imports would leave its locks taken in the forks

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Track what was saved."""
        recorder, routing = self._recorder, self._routing
        if recorder is None or routing is None or not recorder.here:
            return
        for kind in self._tracked[dataset_name][1] if dataset_name in self._tracked else []:
            try:
                for key, step in routing.steps(kind, dataset_name, self._tracked[dataset_name][0], data):
                    recorder.record(key, step)
            except Exception as error:  # a run is worth more than its record
                logger.warning("'%s' is not tracked as '%s'. %s", dataset_name, kind, brief(error))
        if (complete := routing.cross_off(dataset_name)) is not None:
            recorder.complete(complete)

    @hook_impl
    def after_pipeline_run(self, run_params: dict[str, Any]) -> None:
        """End the run as FINISHED."""
        if self._recorder is not None and "ParallelRunner" in str(run_params.get("runner")):
            self._read_back()
        self._end("FINISHED")

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """End the run as FAILED."""
        if self._recorder is not None:
            text = f"{type(error).__name__}: {error}"
            for key in self._recorder.unfinished:
                self._recorder.record(key, Step("set_tag", ("error", text)))
        self._end("FAILED")

    def _end(self, status: str) -> None:
        if self._recorder is not None:
            self._recorder.close(status)

    def _journal_path(self, key: str) -> Path:
        """The file for a journal of an untracked run, beside what the first run leaves; one for each call."""
        names = sorted(self._tracked, key=lambda name: (namespace_of(name) != key, name))
        reports = (self._tracked[name][0] for name in names if "model" not in self._tracked[name][1])
        paths = (planned_path(dataset) for dataset in reports)
        folders = (path.parent for path in paths if path is not None and path.is_absolute())
        return next(folders, self._root) / f"untracked-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.json"

    def _read_back(self) -> None:
        """The parallel runner saves in other processes, out of reach of this recorder: read what they saved."""
        for name, (dataset, kinds) in self._tracked.items():
            try:
                data = dataset.load() if {"metrics", "history"} & set(kinds) else None
            except Exception as error:
                logger.warning("'%s' is not tracked. %s", name, brief(error))
                continue
            self.after_dataset_saved(name, data)


def registered_pipelines() -> dict[str, Pipeline]:
    """The project's pipelines by name; none where there is no project."""
    from kedro.framework.project import pipelines

    try:
        return dict(pipelines)
    except Exception:  # the run has its pipeline already
        logger.debug("The registry of pipelines cannot be read", exc_info=True)
        return {}
