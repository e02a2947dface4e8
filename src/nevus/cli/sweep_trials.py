"""A search carried out: its trials, what is said meanwhile, its results."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from nevus.cli.sweep_call import alone, carry, duration, save_figure, save_table, task_of
from nevus.cli.sweep_search import Search
from nevus.sweep.files import await_others, done
from nevus.sweep.points import COMPARISON, Point, Setting, short
from nevus.sweep.study import DONE, FAILED, RUNNING, Study, Trial
from nevus.sweep.trials import PICTURE, TRIALS, best_of, draw_search, score_of, trials_table
from nevus.sweep.workers import Ended, Task, run_all


def search_listing(search: Search) -> list[str]:
    """A line a trial that there is, and how many are left."""
    trials = _study(search).trials if search.store.is_file() else []
    found = [f"{trial.state:<7}  {search.point(trial).name}  {_said(search, trial)}" for trial in trials]
    return [*found, _counts(search, trials)]


def carry_out_search(search: Search) -> list[str]:
    """Make the trials that are left, and the results of all.

    Returns:
        What went wrong, a line a trial that failed; nothing where all are done.

    Raises:
        BusyError: The same search is going on.
    """
    with alone(search):
        study = _study(search)
        trials = Trials(search, study)
        click.echo(_counts(search, study.trials))

        def run(environment: Mapping[str, str]) -> bool:
            trials.go_on()
            run_all(trials, jobs=search.jobs, environment=environment)
            return not trials.failed

        carry(search, run if left_of(search, study.trials) else None, lambda: write_search(search, study.trials))
    said = f"{len(trials.failed)} of {search.trials} trials failed:"
    return [said, *trials.failed] if trials.failed else []


class Trials:
    """The trials of a search as they are made: each next one is asked for when a place is free.

    Attributes:
        failed: A line a trial that failed.

    Args:
        search: What was asked for.
        study: What has been tried.
    """

    def __init__(self, search: Search, study: Study) -> None:
        self._search, self._study = search, study
        self._left = left_of(search, study.trials)
        self._again: list[Trial] = []
        self._running: dict[str, Trial] = {}
        self._took: list[float] = []
        self.failed: list[str] = []

    def go_on(self) -> None:
        """Take up what an earlier call has left: trials that were stopped go on, those that failed come again."""
        stopped = [trial for trial in self._study.trials if trial.state == RUNNING]
        points = {trial.number: self._search.point(trial) for trial in stopped}
        await_others(self._search.files, list(points.values()))
        ancestry: dict[str, dict[str, str]] = {point.name: {} for point in points.values()}
        ended = done(self._search.files, list(points.values()), self._search.loader, ancestry)
        for trial in stopped:
            if points[trial.number] in ended:
                self._tell(trial, points[trial.number])
                self._left -= 1
            else:
                self._again.append(trial)
        self._study.repeat_failed()

    def take(self, running: Sequence[Task]) -> Task | None:
        """The next trial, unless all are made."""
        if self._left == 0:
            return None
        self._left -= 1
        trial = self._again.pop(0) if self._again else self._study.ask()
        task = task_of(self._search, self._search.point(trial))
        self._running[task.name] = trial
        return task

    def ended(self, end: Ended) -> None:
        """Note what a trial has reached, and print a line."""
        search, trial = self._search, self._running.pop(end.name)
        point = search.point(trial)
        self._took.append(end.seconds)
        if end.message is None and self._tell(trial, point):
            score = score_of(search.files, point, search.metric)
            said = f"{_heading(search)} {score.mean:.3f} ± {score.error:.3f}" if score else ""
        else:
            message = end.message or f"no fold has a score of {search.metric}"
            said = f"failed: {message}"
            self._study.tell(trial.number, None)
            log = os.path.relpath(search.files.log(point), search.files.root)
            self.failed.append(f"  {end.name}: {message} ({log})")
        made = [one for one in self._study.trials if one.state != RUNNING]
        best = max((one for one in made if one.score is not None), key=lambda one: one.score or 0.0, default=None)
        so_far = f"  best {best.score:.3f} (trial {best.number})" if best else ""
        left = self._left + len(self._running)
        rest = sum(self._took) / len(self._took) * left / min(search.jobs, max(1, left))
        ahead = f"{left} left, about {duration(rest)}" if left else "none left"
        click.echo(
            f"[{search.trials - left}/{search.trials}] trial {trial.number}  {_said(search, trial)}  "
            f"{duration(end.seconds)}  {said}{so_far}  ({ahead})"
        )

    def _tell(self, trial: Trial, point: Point) -> bool:
        score = score_of(self._search.files, point, self._search.metric)
        if score is not None:
            self._study.tell(trial.number, score.mean)
        return score is not None


def left_of(search: Search, trials: Sequence[Trial]) -> int:
    """How many trials are to be made, those that were stopped and those that failed among them."""
    return max(0, search.trials - sum(trial.state == DONE for trial in trials))


def write_search(search: Search, trials: Sequence[Trial]) -> list[Path]:
    """Write table and picture of the trials, and print the command of the best.

    Returns:
        The files.
    """
    if not trials:
        return []
    folder = search.files.folder
    table = trials_table(search.files, [(trial, search.point(trial)) for trial in trials], search.spaces, search.metric)
    written = [save_table(table, folder / TRIALS)]
    if (figure := draw_search(table, search.spaces, search.metric)) is None:
        return written
    written.append(save_figure(figure, folder / PICTURE))
    best = max((trial for trial in trials if trial.score is not None), key=lambda trial: trial.score or 0.0)
    click.echo("\n".join([*best_of(table, search.metric), f"  {command_of(search, best.settings)}"]))
    return written


def command_of(search: Search, settings: Sequence[Setting]) -> str:
    """The `kedro run` of the method with these parameters."""
    env = [f"--env={search.env}"] if search.env else []
    given = [one for one in (*search.fixed, *settings) if not one.name.startswith(f"{COMPARISON}.")]
    words = [word for one in given for word in ("--params", f"{one.name}={one.text}")]
    return shlex.join(["kedro", "run", *env, f"--pipeline={search.method}", *words])


def _study(search: Search) -> Study:
    return Study(search.store, search.study, search.spaces, search.seed)


def _counts(search: Search, trials: Sequence[Trial]) -> str:
    states = [trial.state for trial in trials]
    stopped, failed, left = states.count(RUNNING), states.count(FAILED), left_of(search, trials)
    more = ", ".join(f"{count} of them {what}" for count, what in ((stopped, "stopped"), (failed, "failed")) if count)
    side = f", {min(search.jobs, left)} at a time" if left > 1 and search.jobs > 1 else ""
    ahead = f"{left} to do{more and f' ({more})'}{side}"
    return f"{search.trials} trials: {states.count(DONE)} done, {ahead}. Results: {search.folder}"


def _said(search: Search, trial: Trial) -> str:
    labels = short([space.name for space in search.spaces])
    return ", ".join(f"{labels[one.name]} {one.shown}" for one in trial.settings)


def _heading(search: Search) -> str:
    from nevus.metrics.titles import title

    return title(search.metric).heading
