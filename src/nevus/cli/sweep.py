"""`kedro sweep`: many runs by one command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nevus.cli import params
from nevus.cli.signals import end_in_order
from nevus.contracts import NevusError

OF_A_SEARCH = ("searches", "trials", "metric")  # options


@click.command(name="sweep")
@click.option("--pipelines", "-p", required=True, help="Methods, such as supervised,fixmatch.")
@click.option("--env", "-e", envvar="KEDRO_ENV", help="The environment, as in `kedro run`.")
@click.option("--seeds", default="0", show_default=True, help="Of the runs, such as 0-4 or 0,3,7.")
@click.option("--budgets", help="Labelled images to keep of each class, such as 10,25,50,all.")
@click.option("--grid", "grids", multiple=True, help="PATH=VALUE,VALUE; of several all combinations are run.")
@click.option("--params", "texts", multiple=True, type=click.UNPROCESSED, help=params.HELP)
@click.option("--jobs", default="auto", show_default=True, help="Runs side by side; auto: one a processor.")
@click.option("--name", help="Of the folder of the results; without one it is made of what is swept.")
@click.option(
    "--search", "searches", multiple=True, help="PATH=LOW:HIGH, PATH=LOW:HIGH:log or PATH=VALUE,VALUE to try."
)
@click.option("--trials", type=int, help="Of a search: cross-validations to make.")
@click.option(
    "--metric", type=click.Choice(["auc", "accuracy"]), help="Of a search: what is to be high.  [default: auc]"
)
@click.option("--dry-run", is_flag=True, help="List the runs, and which are done.")
@click.pass_obj
def sweep(metadata: Any, /, dry_run: bool, **asked: Any) -> None:
    """Train methods with several seeds, label budgets and parameters, or search for good parameters of one.

    Each is a `kedro run` of its own. What is done is not done again: the same command goes on with a sweep that was
    stopped, and makes its tables anew.
    """
    from nevus.cli.console import follow
    from nevus.cli.errors import explain

    end_in_order()
    follow(asked["env"])
    carry_out = search_by if asked["searches"] else sweep_by
    try:
        problems = carry_out(Path(metadata.project_path), asked, dry_run)
    except KeyboardInterrupt:
        raise click.ClickException("interrupted. The same command goes on.") from None
    except Exception as error:
        message = explain(error)
        if message is None:
            raise
        raise click.ClickException(message) from error
    if problems:
        raise click.ClickException("\n".join(problems))


def sweep_by(root: Path, asked: dict[str, Any], dry_run: bool) -> list[str]:
    """Run all combinations; returns what went wrong."""
    from nevus.cli.sweep_plan import plan_of
    from nevus.cli.sweep_run import carry_out, listing

    for option in ("trials", "metric"):
        if asked[option] is not None:
            raise NevusError(f"--{option} is of a search. Say by --search what it may choose, or leave --{option} out.")
    plan = plan_of(root, **{name: value for name, value in asked.items() if name not in OF_A_SEARCH})
    if dry_run:
        click.echo("\n".join(listing(plan)))
        return []
    return carry_out(plan)


def search_by(root: Path, asked: dict[str, Any], dry_run: bool) -> list[str]:
    """Try combinations that promise something; returns what went wrong."""
    from nevus.cli.sweep_search import search_of
    from nevus.cli.sweep_trials import carry_out_search, search_listing

    search = search_of(root, **{**asked, "metric": asked["metric"] or "auc"})
    if dry_run:
        click.echo("\n".join(search_listing(search)))
        return []
    return carry_out_search(search)
