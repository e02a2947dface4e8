"""`kedro clean`: remove what runs have left, after showing it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from nevus.cli.clean_plan import Plan


@click.command(name="clean")
@click.argument("runs", nargs=-1)
@click.option("--env", "-e", help="The environment of the data set whose runs are meant, as in `kedro run`.")
@click.option("--dataset", "whole", is_flag=True, help="The packed images and the results of all runs of the data set.")
@click.option("--all", "everything", is_flag=True, help="All results, packed images, tracked runs and artifacts.")
@click.option("--keep", type=click.IntRange(min=0), help="Only tracked runs: all but the newest N of each experiment.")
@click.option("--untracked", is_flag=True, help="Also runs that `kedro track` could still track.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.pass_obj
def clean(
    metadata: Any,
    runs: tuple[str, ...],
    env: str | None,
    whole: bool,
    everything: bool,
    keep: int | None,
    untracked: bool,
    yes: bool,
) -> None:
    """Remove results, packed images or tracked runs, after showing which.

    RUNS are names such as ssgan/seed0, or patterns such as 'ssgan-wide/*'. Raw images and files in git always stay.
    """
    from nevus.cli.clean_plan import add_tracked, dataset_of, old_runs, results
    from nevus.contracts import NevusError

    if [bool(runs), whole, everything, keep is not None].count(True) != 1:
        raise click.UsageError(
            "Say what to remove by one of: names of runs (`kedro clean ssgan/seed0`), --dataset, --keep=N, --all."
        )
    if (everything or keep is not None) and env:
        raise click.UsageError("--env chooses a data set for names of runs and --dataset; leave it out here.")
    root = Path(metadata.project_path)
    try:
        if keep is not None:
            plan = old_runs(root, keep)
        elif everything:
            plan = results(root, None, untracked=untracked)
            add_tracked(root, plan, untracked=untracked)
        else:
            plan = results(root, dataset_of(root, env), runs, untracked=untracked)
    except NevusError as error:
        raise click.ClickException(str(error)) from error
    _show(root, plan)
    if plan.is_empty and plan.kept:
        raise click.ClickException("nothing of this can be removed.")
    if plan.is_empty:
        click.echo("There is nothing to remove.")
    elif not (yes or sys.stdin.isatty()):
        raise click.ClickException("nothing is removed, since nobody can be asked here. Add --yes to remove it.")
    elif yes or click.confirm("Remove it?"):
        _carry_out(root, plan)
    else:
        click.echo("Nothing is removed.")


def _show(root: Path, plan: Plan) -> None:
    """Print what goes, with sizes, and what stays."""
    from nevus.io.removal import measure, size_text

    rows = [(str(folder), [folder]) for one in plan.leftovers for folder in one.folders]
    rows += [(str(path), [path]) for path in plan.files]
    rows += [(str(run), []) for run in plan.pruning.runs]
    if folders := plan.pruning.folders:
        rows.append((f"{len(folders)} folders in mlartifacts/", folders))
    lines = ["To be removed:"] if not plan.is_empty else []
    for title, paths in rows:
        files, size = measure(paths)
        lines.append(f"  {title}" + (f"  ({files} files, {size_text(size)})" if paths else ""))
    if lines:
        lines.append(f"In all {size_text(measure(path for _, paths in rows for path in paths)[1])}.")
    staying = [*plan.kept, *plan.spared]
    lines += ["Not removed:", *(f"  {line}" for line in staying)] if staying else []
    for line in lines:
        click.echo(line.replace(f"{root}/", ""))


def _carry_out(root: Path, plan: Plan) -> None:
    """Remove what the plan says; what resists does not keep the rest.

    Raises:
        click.ClickException: Something resisted; the message names it.
    """
    from nevus.cli.clean_plan import alone
    from nevus.hooks.prune import DATABASE, prune
    from nevus.io.removal import remove, remove_empty_parents
    from nevus.locks import BusyError
    from nevus.tracking.causes import why

    failures: list[str] = []
    for one in plan.leftovers:
        try:
            with alone(one):
                failures += remove(one.folders)
        except BusyError as error:  # began meanwhile
            failures.append(str(error))
        remove_empty_parents(one.folders, root / "data")
    failures += remove(plan.files)
    try:
        failures += prune(root, plan.pruning)
    except Exception as error:
        failures.append(why(error, f"sqlite:///{root / DATABASE}"))
    if failures:
        raise click.ClickException("not all could be removed:\n" + "\n".join(failures))
    click.echo("Removed.")
