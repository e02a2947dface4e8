"""`kedro register`: give a run's model a name that others can load it by."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from nevus.tracking.experiment import Target

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
# MLflow's own rules: an alias is not what a version or the newest version is called.
ALIAS = re.compile(r"(?!v[0-9]+$|latest$)[A-Za-z][A-Za-z0-9_-]{0,99}", re.IGNORECASE)


@click.command(name="register")
@click.option(
    "--run", "wanted", required=True, help="A finished run: its name (supervised/seed0) or MLflow's id of it."
)
@click.option(
    "--alias", required=True, help="Whatever the model is used as, such as champion; moved from its last holder."
)
@click.option("--name", help="Of the model in the registry; nevus-<data set> if left out.")
@click.option("--env", "-e", help="The environment of the data set whose run is meant, as in `kedro run`.")
@click.pass_obj
def register(metadata: Any, wanted: str, alias: str, name: str | None, env: str | None) -> None:
    """Put the model of a finished run into MLflow's registry, where runs are tracked.

    It can then be loaded and served as models:/NAME@ALIAS, and an alias can be moved to another run by this command.
    """
    from nevus.contracts import NevusError
    from nevus.tracking.causes import why
    from nevus.tracking.registry import register as put

    root, target = Path(metadata.project_path), None
    try:
        target, dataset = _configured(root, env)
        name = name or f"nevus-{dataset}"
        _require(name, NAME, "--name", "letters, digits, '-', '_' and '.'")
        _require(alias, ALIAS, "--alias", "letters, digits, '-' and '_', the first a letter, and not v1 or latest")
        made = put(target, wanted, name=name, alias=alias)
    except NevusError as error:
        raise click.ClickException(str(error)) from error
    except Exception as error:
        if target is None:
            raise
        raise click.ClickException(f"{wanted} is not registered. {why(error, target.uri)}") from error
    said = f"version {made.version} of {made.name}" if made.is_new else f"already version {made.version} of {made.name}"
    click.echo(f"{made.run} ({made.run_id}) is {said}, with the alias {made.alias}.")
    click.echo(f"  MLFLOW_TRACKING_URI={target.uri}")
    click.echo(f"  {made.address}")


def _configured(root: Path, env: str | None) -> tuple[Target, str]:
    """Where runs are kept, and the data set.

    Raises:
        NevusError: There is no such environment, or runs are not tracked there.
    """
    from nevus.cli.clean_plan import dataset_of
    from nevus.configuration import load_configuration
    from nevus.tracking.options import TrackingOptions, sqlite_target, wanted_target

    dataset = dataset_of(root, env)
    options = TrackingOptions.model_validate(load_configuration(root, env)["mlflow"])
    return wanted_target(options, root, sqlite_target(root / "mlflow.db", options.experiment)), dataset


def _require(text: str, pattern: re.Pattern[str], option: str, allowed: str) -> None:
    from nevus.contracts import NevusError

    if not pattern.fullmatch(text):
        raise NevusError(f"{option}: '{text}' is no name for it: at most 100 of {allowed}.")
