"""A sweep carried out: its runs, what is said meanwhile, its tables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nevus.cli.sweep_call import alone, carry, duration, save_figure, save_table, task_of
from nevus.cli.sweep_plan import Plan
from nevus.sweep.files import await_others, scores, seconds
from nevus.sweep.points import Point
from nevus.sweep.queue import InOrder
from nevus.sweep.results import (
    CONFIGURATIONS,
    CURVES,
    POINTS,
    configurations_table,
    draw_curves,
    points_table,
    screen_rows,
)
from nevus.sweep.workers import Ended, run_all

if TYPE_CHECKING:
    from nevus.contracts import Table


def listing(plan: Plan) -> list[str]:
    """A line a run, with whether it is done, and how many are left."""
    finished, lines = {point.name for point in plan.done}, []
    for point in plan.points:
        ancestors = ", ".join(plan.ancestry[point.name])
        after = f" (after {ancestors})" if ancestors else ""
        lines.append(f"{'done ' if point.name in finished else 'to do'}  {point.name}{after}")
    return [*lines, _counts(plan)]


def carry_out(plan: Plan) -> list[str]:
    """Run what is not done, and make the tables of what is.

    Returns:
        What went wrong, a line a run that failed or was not run; nothing where all is done.

    Raises:
        BusyError: The same sweep is going on.
    """
    progress = Progress(plan)

    def run(environment: Mapping[str, str]) -> bool:
        await_others(plan.files, plan.left)
        tasks = [task_of(plan, point, frozenset(plan.ancestry[point.name])) for point in plan.left]
        run_all(InOrder(tasks, progress.ended), jobs=plan.jobs, environment=environment)
        return not progress.problems

    with alone(plan):
        click.echo(_counts(plan))
        carry(plan, run if plan.left else None, lambda: write_results(plan, progress.done))
    return progress.problems


class Progress:
    """Says of every run that has ended what it reached, and how long the rest will take.

    Attributes:
        done: Runs that are done.
        failed: A line a run that failed: its name, the first line of its message, its log.
        not_run: A line a run that builds on one that failed.

    Args:
        plan: Of the sweep.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._points = {point.name: point for point in plan.points}
        self._left = {point.name: point for point in plan.left}
        self._took: dict[str, list[float]] = {}
        self.done = list(plan.done)
        self.failed: list[str] = []
        self.not_run: list[str] = []
        for point in plan.done:
            if (known := seconds(plan.files, point)) is not None:
                self._took.setdefault(point.pipeline, []).append(known)

    def ended(self, end: Ended) -> None:
        """Note the end of a run, and print a line."""
        files, point = self._plan.files, self._left.pop(end.name)
        if end.message is None:
            self.done.append(point)
            self._took.setdefault(point.pipeline, []).append(end.seconds)
            said = _scores_said(scores(files, point))
        elif not end.ran:
            said = f"not run: {end.message}"
            self.not_run.append(f"  {end.name}: {end.message}")
        else:
            said = f"failed: {end.message}"
            self.failed.append(f"  {end.name}: {end.message} ({os.path.relpath(files.log(point), files.root)})")
        total, left = len(self._points), len(self._left)
        rest = f"{left} left, about {duration(self._rest())}" if left else "none left"
        click.echo(f"[{total - left:>{len(str(total))}}/{total}] {end.name}  {duration(end.seconds)}  {said}  ({rest})")

    @property
    def problems(self) -> list[str]:
        """What went wrong, for the end of the sweep."""
        said = [f"{len(self.failed)} of {len(self._points)} runs failed:", *self.failed] if self.failed else []
        return said + ([f"{len(self.not_run)} not run:", *self.not_run] if self.not_run else [])

    def _rest(self) -> float:
        """Seconds that the other runs will take: each as long as those of its pipeline so far, or as all."""
        every = [one for times in self._took.values() for one in times] or [0.0]
        times = [self._took.get(point.pipeline, every) for point in self._left.values()]
        return sum(sum(one) / len(one) for one in times) / min(self._plan.jobs, len(times))


def write_results(plan: Plan, finished: list[Point]) -> list[Path]:
    """Write the tables and the figure of the runs that are done, and print the table of the configurations.

    Returns:
        The files.
    """
    from nevus.hooks.grids import grid, wide_console

    names = {point.name for point in finished}
    points = [point for point in plan.points if point.name in names]
    if not points:
        return []
    folder = plan.files.folder
    table = points_table(plan.files, points, plan.varied, plan.unread)
    means = configurations_table(table)
    written = [save_table(table, folder / POINTS), save_table(means, folder / CONFIGURATIONS)]
    if (figure := draw_curves(table, plan.varied)) is not None:
        written.append(save_figure(figure, folder / CURVES))
    wide_console().print(grid(plan.files.sweep, *screen_rows(means, plan.varied)))
    return written


def _counts(plan: Plan) -> str:
    left = len(plan.left)
    side = f", {min(plan.jobs, left)} at a time" if left > 1 and plan.jobs > 1 else ""
    runs = f"{len(plan.points)} run{'s' * (len(plan.points) != 1)}"
    return f"{runs}: {len(plan.done)} done, {left} to do{side}. Results: {plan.folder}"


def _scores_said(table: Table) -> str:
    own = table[(table["role"] == "method") & table["metric"].isin(["auc", "accuracy"])]
    found = dict(zip(own["metric"], own["value"], strict=True))
    return f"AUC {found['auc']:.3f}, accuracy {found['accuracy']:.3f}"
