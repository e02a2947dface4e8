"""What a whole run leaves when it is done: what it read and built on, and how long it took."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.hooks import hook_impl

from nevus.hooks.datasets import find_dataset, record_of
from nevus.hooks.headers import used_groups
from nevus.hooks.run_lock import folder_of

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext
    from kedro.pipeline import Pipeline

    from nevus.hooks.datasets import Catalog

NOTE = "completed.json"  # beside the model


class CompletionHooks:
    """Notes beside the model of a method that all nodes of its pipeline have run, and with which parameters.

    From the start of any run that writes to a method's folders to the end of a whole one there is no note.
    """

    def __init__(self) -> None:
        self._loader: Any = None
        self._began = 0.0

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Keep the configuration's loader."""
        self._loader = context.config_loader

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: Catalog) -> None:
        """Forget what an earlier run of the same name was done with."""
        self._began = time.monotonic()
        for folder in _folders(pipeline, catalog).values():
            (folder / NOTE).unlink(missing_ok=True)

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: Catalog) -> None:
        """Write the note of each method whose whole pipeline has run."""
        from kedro.framework.project import pipelines

        nodes = {node.name for node in pipeline.nodes}
        for name, folder in _folders(pipeline, catalog).items():
            if name in pipelines and nodes >= {node.name for node in pipelines[name].nodes}:
                note = {
                    "parameters": read_by(pipelines[name], self._loader),
                    "ancestors": built_on(pipelines[name], catalog),
                    "seconds": round(time.monotonic() - self._began, 1),
                }
                write_note(folder, note)


def read_by(pipeline: Pipeline, loader: Any) -> dict[str, Any]:
    """The parameters of a configuration that a pipeline reads, by group and as JSON knows them, and the source given.

    Args:
        pipeline: Such as that of a method.
        loader: Of the configuration.
    """
    parameters = loader["parameters"]
    found = {name: parameters[name] for name in used_groups(pipeline.inputs(), parameters) if name in parameters}
    found["source"] = (loader.runtime_params or {}).get("source")
    plain: dict[str, Any] = json.loads(json.dumps(found, default=str))
    return plain


def built_on(pipeline: Pipeline, catalog: Catalog) -> dict[str, Any]:
    """What each classifier that a pipeline makes was built on: `ancestors` of its record, by its name there."""
    made = sorted(name for name in pipeline.all_outputs() if name.endswith(".classifier"))
    records = {name: record_of(find_dataset(catalog, name), None) for name in made}
    return {name: record["ancestors"] for name, record in records.items() if record.get("ancestors")}


def read_note(folder: Path) -> dict[str, Any]:
    """The note in the folder of a run's models; {} where there is none: the run is not done."""
    try:
        found = json.loads((folder / NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_note(folder: Path, note: Mapping[str, Any]) -> None:
    """Write the note into the folder of a run's models."""
    from nevus.io.atomic import replacing

    with replacing(folder / NOTE) as beside:
        beside.write_text(json.dumps(note, indent=2), encoding="utf-8")


def _folders(pipeline: Pipeline, catalog: Catalog) -> dict[str, Path]:
    """The folder of the models of each method that the pipeline touches."""
    names = sorted({node.namespace.partition(".")[0] for node in pipeline.nodes if node.namespace})
    found = {name: folder_of(catalog, name) for name in names}
    return {name: folder for name, folder in found.items() if folder is not None}
