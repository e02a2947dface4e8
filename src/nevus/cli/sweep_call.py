"""What a sweep and a search have in common: where they run, under which lock, and nested in which MLflow run."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nevus.hooks.tracking import PARENT_RUN
from nevus.io.atomic import replacing
from nevus.locks import Lock
from nevus.sweep.checks import registered
from nevus.sweep.files import Files, corpus_of
from nevus.sweep.parent import ParentRun, tags_of
from nevus.sweep.points import Point
from nevus.sweep.workers import Task
from nevus.tracking.options import TrackingOptions

if TYPE_CHECKING:
    from nevus.contracts import Figure, Table

REMEDY = "Wait for it or end it; then give this command again, or give this sweep another --name."


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of the command.

    Attributes:
        env: The environment; None means that of `kedro run`.
        pipelines: Names.
        files: Where its results are.
        jobs: How many runs go on at a time.
        tracking: Where runs are tracked; None: nowhere.
        swept: What was asked for, in words.
    """

    env: str | None
    pipelines: list[str]
    files: Files
    jobs: int
    tracking: TrackingOptions | None
    swept: dict[str, str]

    @property
    def folder(self) -> str:
        """Of the results, as a person reads it."""
        return os.path.relpath(self.files.folder, self.files.root)


@contextmanager
def alone(call: Call) -> Iterator[None]:
    """Keep a second call of the same name out.

    Raises:
        BusyError: There is one.
    """
    what = f"The sweep {call.files.sweep}"
    with Lock(call.files.folder / ".sweep.lock").held(seconds=1.0, what=what, remedy=REMEDY):
        yield


def carry(call: Call, run: Callable[[Mapping[str, str]], bool] | None, write: Callable[[], list[Path]]) -> None:
    """Run what there is to run inside an MLflow run, and write the results however it ends.

    Args:
        call: What was asked for.
        run: Is handed the environment of the runs, and says whether all went well; None: there is nothing to run.
        write: Writes the results; its files.
    """
    files, status = call.files, "KILLED"
    parent = ParentRun(call.tracking, files.root, files.sweep)
    if run is not None:
        parent.begin(tags_of(call.pipelines, call.env, files.dataset, files.root, registered()), call.swept)
    try:
        well = run is None or run(environment_of(call, parent.run_id))
        status = "FINISHED" if well else "FAILED"
    finally:
        written = write()
        parent.end(status, written)
    for path in written:
        click.echo(f"Written: {os.path.relpath(path, files.root)}")


def environment_of(call: Call, parent: str | None) -> dict[str, str]:
    """That of this process; side by side each run gets one thread, since those of two would wait for one another."""
    found = {name: value for name, value in os.environ.items() if name != PARENT_RUN}
    return found | ({"OMP_NUM_THREADS": "1"} if call.jobs > 1 else {}) | ({PARENT_RUN: parent} if parent else {})


def task_of(call: Call, point: Point, after: frozenset[str] = frozenset()) -> Task:
    """The command that makes a point."""
    env = [f"--env={call.env}"] if call.env else []
    command = [sys.executable, "-m", "kedro", "run", *env, *point.arguments]
    return Task(point.name, command, call.files.log(point), after, corpus_of(point))


def save_table(table: Table, path: Path) -> Path:
    """Write a table, whole or not at all."""
    with replacing(path) as beside:
        table.to_csv(beside, index=False)
    return path


def save_figure(figure: Figure, path: Path) -> Path:
    """Write a figure, whole or not at all."""
    options: Any = {"format": "png", "dpi": 144}
    with replacing(path) as beside:
        figure.savefig(beside, **options)
    return path


def duration(seconds: float) -> str:
    """`34 s`, `12 min` or `3.2 h`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
