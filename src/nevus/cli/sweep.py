"""`kedro sweep`: many runs by one command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nevus.cli import params
from nevus.cli.signals import end_in_order


@click.command(name="sweep")
@click.option("--pipelines", "-p", required=True, help="Methods, such as supervised,fixmatch.")
@click.option("--env", "-e", envvar="KEDRO_ENV", help="The environment, as in `kedro run`.")
@click.option("--seeds", default="0", show_default=True, help="Of the runs, such as 0-4 or 0,3,7.")
@click.option("--budgets", help="Labelled images to keep of each class, such as 10,25,50,all.")
@click.option("--grid", "grids", multiple=True, help="PATH=VALUE,VALUE; of several all combinations are run.")
@click.option("--params", "texts", multiple=True, type=click.UNPROCESSED, help=params.HELP)
@click.option("--jobs", default="auto", show_default=True, help="Runs side by side; auto: one a processor.")
@click.option("--name", help="Of the folder of the results; without one it is made of what is swept.")
@click.option("--dry-run", is_flag=True, help="List the runs, and which are done.")
@click.pass_obj
def sweep(
    metadata: Any, /, pipelines: str, env: str | None, jobs: str, name: str | None, dry_run: bool, **swept: Any
) -> None:
    """Train methods with several seeds, label budgets and parameters.

    Each is a `kedro run` of its own. What is done is not done again: the same command goes on with a sweep that was
    stopped, and makes its tables anew.
    """
    from nevus.cli.console import follow
    from nevus.cli.errors import explain
    from nevus.cli.sweep_plan import plan_of
    from nevus.cli.sweep_run import carry_out, listing

    end_in_order()
    follow(env)
    try:
        plan = plan_of(Path(metadata.project_path), env, pipelines, jobs, name, **swept)
        if dry_run:
            click.echo("\n".join(listing(plan)))
            return
        problems = carry_out(plan)
    except KeyboardInterrupt:
        raise click.ClickException("interrupted. The same command goes on.") from None
    except Exception as error:
        message = explain(error)
        if message is None:
            raise
        raise click.ClickException(message) from error
    if problems:
        raise click.ClickException("\n".join(problems))
