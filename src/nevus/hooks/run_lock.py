"""Two runs of one name never write into the same folders."""

from __future__ import annotations

import atexit
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.hooks import hook_impl

from nevus.contracts import NevusError
from nevus.hooks.datasets import find_dataset

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline

    from nevus.hooks.datasets import Catalog
    from nevus.locks import Lock

REMEDY = (
    "Wait for it or end it, or give this run a name of its own, such as `--params seed=1` or `--params variant=NAME`."
)
WAIT = 1.0  # seconds; a run that is just ending may still hold its lock


class RunLockHooks:
    """Holds a lock for each name, such as `ssgan/seed0`, that a run writes under; a second run of it is refused."""

    def __init__(self) -> None:
        self._locks: list[Lock] = []
        atexit.register(self._release)

    @hook_impl(tryfirst=True)  # before anything of the run is recorded
    def before_pipeline_run(self, pipeline: Pipeline, catalog: Catalog) -> None:
        """Take the locks.

        Raises:
            BusyError: Another run of one of these names is going on.
        """
        from nevus.locks import Lock

        self._release()  # of a run that was interrupted in a notebook
        for name in sorted({node.namespace.partition(".")[0] for node in pipeline.nodes if node.namespace}):
            folder = folder_of(catalog, name)
            if folder is None:
                continue
            lock = Lock(folder / ".run.lock")
            shown = f"{folder.parent.name}/{folder.name}"
            try:
                lock.acquire(seconds=WAIT, what=f"The run {shown}", remedy=REMEDY)
            except NevusError:
                self._release()
                raise
            self._locks.append(lock)

    @hook_impl(trylast=True)
    def after_pipeline_run(self) -> None:
        """Let go of the locks."""
        self._release()

    @hook_impl(trylast=True)
    def on_pipeline_error(self) -> None:
        """Let go of the locks."""
        self._release()

    def _release(self) -> None:
        while self._locks:
            self._locks.pop().release()


def folder_of(catalog: Any, name: str) -> Path | None:
    """The folder of a run's models, which stands for all of its folders; None where the catalog has none."""
    checkpoints = find_dataset(catalog, f"{name}.checkpoints")
    path = getattr(checkpoints, "path", None)
    return None if path is None else Path(path).parent
