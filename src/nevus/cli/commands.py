"""`kedro run` with errors that a person can act on."""

from __future__ import annotations

import os
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run

from nevus.cli.advice import completed
from nevus.cli.clean import clean
from nevus.cli.console import follow
from nevus.cli.errors import explain, hide_repeated_errors
from nevus.cli.params import ParamsOption, over
from nevus.cli.register import register
from nevus.cli.signals import end_in_order
from nevus.cli.sweep import sweep
from nevus.cli.track import track

OPTIONS = [ParamsOption() if option.name == "params" else option for option in kedro_run.params]
TRACEBACK_HELP = "Show where an error was raised (the environment variable NEVUS_TRACEBACK=1 does the same)."


@click.group(name="nevus")
def cli() -> None:
    """Commands of the project."""


cli.add_command(track)
cli.add_command(register)
cli.add_command(clean)
cli.add_command(sweep)


@cli.command(
    name="run",
    help=kedro_run.help,
    params=[*OPTIONS, click.Option(["--traceback", "show_traceback"], is_flag=True, help=TRACEBACK_HELP)],
)
def run(show_traceback: bool, **options: Any) -> Any:
    """Run Kedro's own command; what the user can put right is shown as one message, without a traceback.

    Raises:
        click.ClickException: With that message; the exit code is 1.
    """
    options["params"] = over((click.get_current_context().default_map or {}).get("params"), options["params"])
    follow(options["env"])
    end_in_order()
    if options["pipeline"] and not options["pipelines"]:  # the same thing, which Kedro 1.7 warns about
        options["pipelines"], options["pipeline"] = [options["pipeline"]], None
    if show_traceback or os.environ.get("NEVUS_TRACEBACK", "0") not in ("", "0"):
        return kedro_run.callback(**options)  # type: ignore[misc]
    hide_repeated_errors()
    try:
        return kedro_run.callback(**options)  # type: ignore[misc]
    except click.ClickException:
        raise
    except KeyboardInterrupt:
        raise click.ClickException("interrupted. The same command continues from the last checkpoint.") from None
    except Exception as error:
        message = explain(error)
        if message is None:
            raise
        raise click.ClickException(completed(message, options)) from error


@cli.command(name="nodes-reference")
@click.pass_obj
def write_nodes_reference(metadata: Any) -> None:
    """Write docs/reference/nodes.md: what every node reads, writes and is for."""
    from kedro.framework.project import pipelines

    from nevus.nodes_page import nodes_reference

    page = metadata.project_path / "docs" / "reference" / "nodes.md"
    page.write_text(nodes_reference(dict(pipelines)))
    click.echo(f"wrote {page.relative_to(metadata.project_path)}")


@cli.command(name="networks-reference")
@click.pass_obj
def write_networks_reference(metadata: Any) -> None:
    """Write docs/reference/networks.md: what the networks of the configuration cost."""
    import yaml

    from nevus.networks_page import networks_reference

    folder = metadata.project_path / "conf" / "base" / "parameters"
    page = metadata.project_path / "docs" / "reference" / "networks.md"
    names = ("networks", "generators", "critics")
    blocks = {name: yaml.safe_load((folder / f"{name}.yml").read_text(encoding="utf-8"))[name] for name in names}
    page.write_text(networks_reference(**blocks))
    click.echo(f"wrote {page.relative_to(metadata.project_path)}")
