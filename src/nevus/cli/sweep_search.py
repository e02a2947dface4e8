"""What a search is made of, checked before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nevus.cli.clean_plan import dataset_of
from nevus.cli.sweep_call import Call
from nevus.cli.sweep_options import (
    SEARCH,
    budgets_of,
    fixed_of,
    grids_of,
    jobs_of,
    name_of,
    pipelines_of,
    searches_of,
    seeds_of,
    trials_of,
)
from nevus.cli.sweep_plan import fitting_jobs, tracking_of
from nevus.configuration import load_configuration
from nevus.contracts import NevusError
from nevus.corpus.fingerprint import fingerprint
from nevus.hooks.completion import read_by
from nevus.sweep.checks import check_names, check_parameters, check_pipelines, check_searched, folds_of, most_threads
from nevus.sweep.files import Files, corpus_of
from nevus.sweep.points import COMPARISON, INVALID, LONGEST, METHODS_COMPARED, Point, Setting, nested, shortened
from nevus.sweep.spaces import Space
from nevus.sweep.study import Trial, require_optuna
from nevus.sweep.trials import STORE, point_of

METRICS = ("auc", "accuracy")
ROOM = len("-trial99999")


@dataclass(frozen=True, kw_only=True)
class Search(Call):
    """A search.

    Attributes:
        spaces: What it chooses.
        fixed: Parameters of all trials.
        seed: Of all trials, and of the choice.
        variant: What the names of the trials begin with.
        trials: How many it makes.
        metric: What is to be high.
        study: Name of what is tried, which is another one where anything is different that the scores depend on.
        loader: Of the configuration.
    """

    spaces: list[Space]
    fixed: list[Setting]
    seed: int
    variant: str
    trials: int
    metric: str
    study: str
    loader: Any

    @property
    def method(self) -> str:
        """That is searched."""
        return self.pipelines[0]

    @property
    def store(self) -> Path:
        """The file of what has been tried."""
        return self.files.folder / STORE

    def point(self, trial: Trial) -> Point:
        """The run of a trial."""
        return point_of(self.method, trial.number, self.seed, self.variant, self.fixed, trial.settings)


def search_of(
    root: Path,
    env: str | None,
    pipelines: str,
    jobs: str,
    name: str | None,
    *,
    searches: Sequence[str],
    trials: int | None,
    metric: str,
    seeds: str,
    budgets: str | None,
    grids: Sequence[str],
    texts: Sequence[str],
) -> Search:
    """Read the options and check them.

    Args:
        root: The project's folder.
        env: As in `kedro run`; the others too are what the options give.
        pipelines: The name of one.
        jobs: A number, or "auto".
        name: Of the sweep.
        searches: `PATH=LOW:HIGH` or `PATH=VALUE,VALUE` each.
        trials: How many.
        metric: What is to be high.
        seeds: One number.
        budgets: At most one.
        grids: None.
        texts: Of --params.

    Raises:
        NevusError: Something is wrong with what was asked for.
    """
    names, numbers, wanted_jobs, wanted = pipelines_of(pipelines), seeds_of(seeds), jobs_of(jobs), trials_of(trials)
    spaces, budget, given = searches_of(searches), budgets_of(budgets), fixed_of(texts)
    axes = [space.axis for space in spaces]
    check_names([*budget, *grids_of(grids), *axes], given)
    kept = [one for axis in budget for one in axis.settings]
    _require_one(names, numbers, kept, grids)
    check_pipelines(names)
    require_optuna()
    fixed = [*given, *kept]
    alone = Setting(METHODS_COMPARED, f"[{names[0]}]", names, names[0])
    dataset, loader = dataset_of(root, env), load_configuration(root, env)
    check_parameters(loader, [COMPARISON], axes, [*fixed, alone])
    check_searched(loader, names[0], axes)
    base = loader["parameters"].get("variant")
    fixed = [one for one in fixed if one.name not in ("variant", METHODS_COMPARED)]
    loader.runtime_params = nested([*fixed, alone]) | {"seed": numbers[0]}
    scored = read_by(folds_of(names[0]), loader)
    swept = {"seeds": seeds, "budgets": budgets or "", "params": "; ".join(texts), "search": "; ".join(searches)}
    swept |= {"metric": metric}
    files = Files(root, dataset, name_of(name, names, swept))
    at_once = wanted_jobs or fitting_jobs(most_threads(loader, names), wanted)
    packs = any(corpus_of(Point(COMPARISON, 0, None, (), axis.settings[:1])) for axis in axes)
    parts = [base or "", INVALID.sub("-", files.sweep.replace("+", "-"))]
    return Search(
        env=env,
        pipelines=names,
        files=files,
        jobs=1 if packs else at_once,  # two that pack other images into one folder must not run side by side
        tracking=tracking_of(loader),
        swept={"pipelines": pipelines} | swept,
        spaces=spaces,
        fixed=fixed,
        seed=numbers[0],
        variant=shortened("-".join(filter(None, parts)), LONGEST - ROOM),
        trials=wanted,
        metric=metric,
        study=fingerprint(scored, list(searches), metric),
        loader=loader,
    )


def _require_one(names: Sequence[str], seeds: Sequence[int], budgets: Sequence[Setting], grids: Sequence[str]) -> None:
    """Refuse what would make several searches of one.

    Raises:
        NevusError: It says what to do instead.
    """
    if len(names) > 1:
        raise NevusError(
            f"{SEARCH} is of one method, since each has a best of its own, but --pipelines names {', '.join(names)}. "
            "Give a command for each."
        )
    if len(seeds) > 1:
        raise NevusError(
            f"{SEARCH} makes each trial with one seed, but --seeds gives {len(seeds)}. For more certain scores give "
            f"more folds, by --params {COMPARISON}.repeats=2."
        )
    if len(budgets) > 1:
        raise NevusError(
            f"{SEARCH} is with one label budget, but --budgets gives {len(budgets)}. Give a command for each."
        )
    if grids:
        raise NevusError(
            f"--grid runs all combinations and {SEARCH} chooses some, so they do not go together. Give the values to "
            f"the search, such as {SEARCH} '{grids[0]}', or a command for each of them."
        )
