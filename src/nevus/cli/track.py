"""`kedro track`: track runs later that could not be tracked when they ran."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from nevus.hooks.journal import Journal
    from nevus.tracking.experiment import Target


@click.command(name="track")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--tracking-uri", help="Another place than the configured one, such as sqlite:///mlflow.db.")
@click.pass_obj
def track(metadata: Any, files: tuple[Path, ...], tracking_uri: str | None) -> None:
    """Put runs into MLflow that could not be tracked when they ran.

    FILES are those that the last lines of such runs name (untracked-....json). Each is removed once its run is tracked.
    """
    from nevus.contracts import NevusError
    from nevus.hooks.journal import read_journal, replay
    from nevus.hooks.summary import where_run_is
    from nevus.tracking.causes import why
    from nevus.tracking.options import target_at

    root = Path(metadata.project_path)
    for file in files:
        try:
            journal = read_journal(file)
        except NevusError as error:
            raise click.ClickException(str(error)) from error
        experiment = journal.target.experiment
        target = target_at(tracking_uri, experiment, root) if tracking_uri else _configured(root, journal)
        try:
            place = replay(journal, target)
        except Exception as error:
            raise click.ClickException(f"{file} is not tracked, but kept. {why(error, target.uri)}") from error
        file.unlink()
        for line in where_run_is(place, root):
            click.echo(line)


def _configured(root: Path, journal: Journal) -> Target:
    """Where such a run would be kept if it ran now, since the configuration may be what was mended."""
    from kedro.config import MissingConfigException

    from nevus.configuration import load_configuration
    from nevus.tracking.options import TrackingOptions, sqlite_target, wanted_target

    env = next(iter(journal.headers.values())).tags.get("env")
    try:
        options = TrackingOptions.model_validate(load_configuration(root, env)["mlflow"])
    except (KeyError, MissingConfigException):
        return journal.target
    experiment = journal.target.experiment
    local = sqlite_target(root / "mlflow.db", experiment)
    return wanted_target(options.model_copy(update={"experiment": experiment}), root, local)
