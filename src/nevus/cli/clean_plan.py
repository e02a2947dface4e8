"""What `kedro clean` removes, and what stays for which reason."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from nevus.cli.leftovers import JOURNALS, LEDGER, Leftover, find_leftovers, locks_in, obstacle, select
from nevus.contracts import NevusError
from nevus.hooks.prune import ARTIFACTS, DATABASE, Pruning, foreign_database, plan_pruning
from nevus.locks import BusyError, Lock
from nevus.tracking.causes import why
from nevus.tracking.experiment import connect
from nevus.tracking.tracked_runs import read_runs

REMEDY = "Wait until it has ended, or end it; then clean again."
GIVEN = re.compile(r"\$\{runtime_params:source,(.*)\}")  # around the default of a source


@dataclass
class Plan:
    """What goes and what stays.

    Attributes:
        leftovers: Of runs and corpora.
        files: Further files and folders.
        pruning: Tracked runs and their artifacts.
        kept: What stays although it was asked for, with the reason.
        busy: Data sets of which a run is going on.
        spared: What always stays, with the reason.
    """

    leftovers: list[Leftover] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    pruning: Pruning = field(default_factory=Pruning)
    kept: list[str] = field(default_factory=list)
    busy: set[str] = field(default_factory=set)
    spared: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing goes."""
        return not (self.leftovers or self.files or self.pruning.runs or self.pruning.folders)


def dataset_of(root: Path, env: str | None) -> str:
    """The data set of an environment (None: of conf/base).

    Raises:
        NevusError: There is no such environment.
    """
    from nevus.configuration import load_configuration
    from nevus.hooks.places import environments

    known = environments(root / "conf")
    if env is not None and env not in known:
        raise NevusError(f"there is no environment '{env}'. Environments: {', '.join(known)}.")
    return str(load_configuration(root, env)["globals"]["dataset"])


def old_runs(root: Path, keep: int) -> Plan:
    """All but the newest tracked runs of each experiment.

    Raises:
        NevusError: The store cannot be used; the message says why.
    """
    try:
        pruning = plan_pruning(root, keep)
    except Exception as error:
        raise NevusError(why(error, f"sqlite:///{root / DATABASE}")) from error
    return Plan(pruning=pruning, kept=pruning.kept)


def results(root: Path, dataset: str | None, names: Sequence[str] = (), *, untracked: bool = False) -> Plan:
    """Results and packed images.

    Args:
        root: The project's folder.
        dataset: Whose; None means all.
        names: Of its runs, or patterns; none means all, and the packed images.
        untracked: Whether runs go whose record MLflow has not got yet.

    Raises:
        NevusError: There is no run of one of these names.
    """
    leftovers, others = find_leftovers(root / "data")
    for name in names:
        if not select(leftovers, dataset, [name]):
            known = ", ".join(one.name for one in select(leftovers, dataset) if not one.is_corpus) or "none"
            raise NevusError(
                f"the data set '{dataset}' has no run '{name}'. Its runs: {known}. Those of other data sets are found "
                "with --env, as in `kedro run`."
            )
    plan, protected = Plan(), protected_paths(root)
    for one in sorted(select(leftovers, dataset, names), key=lambda one: one.is_corpus):
        writer = _writer(one)
        plan.busy |= {one.dataset} if writer else set()
        reason = obstacle(one, protected, with_untracked=untracked) or writer
        if one.is_corpus and one.dataset in plan.busy:  # runs came first
            reason = reason or "a run of this data set is going on"
        if reason is None:
            plan.leftovers.append(one)
        else:
            plan.kept.append(f"{one}: {reason}")
    meant = [] if names else [path for path in others if dataset in (None, path.name)]
    plan.kept += [f"{path}: it holds what no run made, or is a link" for path in meant]
    if not names:
        ledgers = sorted((root / "data").glob(f"*/{dataset or '*'}/{LEDGER}"))
        plan.spared = [f"{path}: the test images have been scored, whatever becomes of the results" for path in ledgers]
    return plan


def add_tracked(root: Path, plan: Plan, *, untracked: bool = False) -> None:
    """Add the whole store, be it one that this MLflow cannot open; unless a run is going on."""
    for path in sorted(root.glob(JOURNALS)):
        if untracked:
            plan.files.append(path)
        else:
            plan.kept.append(f"{path}: `kedro track {path}` still tracks its run, --untracked removes it")
    going_on = bool(plan.busy)
    if (root / DATABASE).is_file():
        with suppress(Exception):
            going_on |= any(run.is_going_on for run in read_runs(connect(f"sqlite:///{root / DATABASE}")))
    other = foreign_database(root)
    for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal", ARTIFACTS):
        path = root / name
        if path.is_symlink():
            plan.kept.append(f"{path}: it is a link")
        elif not path.exists():
            continue
        elif going_on:
            plan.kept.append(f"{path}: a run is going on")
        elif name == ARTIFACTS and other is not None:
            plan.kept.append(f"{path}: it may hold the artifacts of {other}")
        else:
            plan.files.append(path)


def _writer(leftover: Leftover) -> str | None:
    """Who writes there at the moment, in words."""
    try:
        with alone(leftover):
            return None
    except BusyError as error:
        return str(error)


@contextmanager
def alone(leftover: Leftover) -> Iterator[None]:
    """Hold all locks in its folders.

    Raises:
        BusyError: Another process holds one.
    """
    with ExitStack() as stack:
        for path in locks_in(leftover):
            stack.enter_context(Lock(path).held(seconds=0.0, what=f"The {leftover}", remedy=REMEDY))
        yield


def protected_paths(root: Path) -> dict[Path, str]:
    """What stays whatever is asked for, and what it is: the sources of all environments, and what git keeps."""
    found = {}
    for file in (root / "conf").glob("*/**/catalog*.yml"):
        source = ((yaml.safe_load(file.read_text(encoding="utf-8")) or {}).get("source") or {}).get("filepath")
        if source:
            path = root / Path(GIVEN.sub(r"\1", source).strip()).expanduser()
            found[path.resolve()] = f"the source that {file.relative_to(root)} names"
    return found | dict.fromkeys(_in_git(root), "kept in git")


def _in_git(root: Path) -> list[Path]:
    command = ["git", "ls-files", "-z", "--", "data"]
    with suppress(OSError, subprocess.SubprocessError):
        listed = subprocess.run(command, cwd=root, capture_output=True, timeout=10, check=True).stdout
        return [root / name for name in listed.decode(errors="surrogateescape").split("\0") if name]
    return []  # no repository
