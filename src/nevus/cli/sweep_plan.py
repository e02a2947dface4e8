"""What a sweep is made of, checked before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nevus.cli.clean_plan import dataset_of
from nevus.cli.sweep_call import Call
from nevus.cli.sweep_options import budgets_of, fixed_of, grids_of, jobs_of, name_of, pipelines_of, seeds_of
from nevus.configuration import load_configuration
from nevus.sweep.ancestry import Ancestry, ancestry_of
from nevus.sweep.checks import check_names, check_parameters, check_pipelines, most_threads, unread_beside, unread_by
from nevus.sweep.files import Files, done
from nevus.sweep.points import Point, points_of
from nevus.sweep.results import Unread
from nevus.tracking.options import TrackingOptions


@dataclass(frozen=True, kw_only=True)
class Plan(Call):
    """A sweep.

    Attributes:
        points: All its runs.
        done: Those of them that are done.
        varied: Names of the parameters that it varies.
        unread: Parameters that it varies without any difference to baselines or floors.
        ancestry: Which points build on which others.
    """

    points: list[Point]
    done: list[Point]
    varied: list[str]
    unread: Unread
    ancestry: Ancestry

    @property
    def left(self) -> list[Point]:
        """The runs that are not done."""
        return [point for point in self.points if point not in self.done]


def plan_of(
    root: Path,
    env: str | None,
    pipelines: str,
    jobs: str,
    name: str | None,
    *,
    seeds: str,
    budgets: str | None,
    grids: Sequence[str],
    texts: Sequence[str],
) -> Plan:
    """Read the options, check them, and look which runs are done.

    Args:
        root: The project's folder.
        env: As in `kedro run`; the others too are what the options give.
        pipelines: Names.
        jobs: A number, or "auto".
        name: Of the sweep.
        seeds: Numbers and ranges.
        budgets: Numbers, or "all".
        grids: `PATH=VALUE,VALUE` each.
        texts: Of --params.

    Raises:
        NevusError: Something is wrong with what was asked for.
    """
    names, numbers, wanted_jobs = pipelines_of(pipelines), seeds_of(seeds), jobs_of(jobs)
    axes, given = [*budgets_of(budgets), *grids_of(grids)], fixed_of(texts)
    check_pipelines(names)
    check_names(axes, given)
    dataset, loader = dataset_of(root, env), load_configuration(root, env)
    check_parameters(loader, names, axes, given)
    unread, beside = unread_by(loader, names), unread_beside(loader, names) if axes else {}
    variant, threads = loader["parameters"].get("variant"), most_threads(loader, names)
    fixed = [one for one in given if one.name != "variant"]
    points = points_of(names, numbers, axes, fixed, unread, variant)
    swept = {"seeds": seeds, "budgets": budgets or "", "grid": "; ".join(grids), "params": "; ".join(texts)}
    files = Files(root, dataset, name_of(name, names, swept))
    ancestry = ancestry_of(points, loader)
    finished = done(files, points, loader, ancestry)
    at_once = wanted_jobs or fitting_jobs(threads, len(points) - len(finished))
    varied = [axis.name for axis in axes]
    return Plan(
        env=env,
        pipelines=names,
        files=files,
        points=points,
        done=finished,
        varied=varied,
        jobs=at_once,
        tracking=tracking_of(loader),
        swept={"pipelines": pipelines} | swept,
        unread=beside,
        ancestry=ancestry,
    )


def tracking_of(loader: Any) -> TrackingOptions | None:
    """Where a configuration has runs tracked, if anywhere."""
    from kedro.config import MissingConfigException

    try:
        return TrackingOptions.model_validate(loader["mlflow"])
    except (KeyError, MissingConfigException):
        return None


def fitting_jobs(threads: int, left: int) -> int:
    """How many runs this machine takes at a time: one a processor, or one where a GPU computes.

    Args:
        threads: Of one run.
        left: Runs to do.
    """
    import torch

    from nevus.training.threads import processors

    most = 1 if torch.cuda.is_available() else processors() // threads
    return max(1, min(most, left))
