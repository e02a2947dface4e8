"""Where runs are kept: what conf/base/mlflow.yml says, as an address."""

from __future__ import annotations

import os
from pathlib import Path

from nevus.contracts import Options
from nevus.tracking.experiment import Target, database_of


class TrackingOptions(Options):
    """conf/base/mlflow.yml.

    Attributes:
        enabled: False keeps nothing.
        tracking_uri: Of a server or a database; None takes the environment variable MLFLOW_TRACKING_URI, or else
            mlflow.db in the project's folder.
        experiment: Name of the experiment.
    """

    enabled: bool
    tracking_uri: str | None
    experiment: str


def sqlite_target(database: Path, experiment: str) -> Target:
    """A database with a folder `mlartifacts` beside it, both absolute: the project may be used from any folder."""
    return Target(f"sqlite:///{database}", experiment, (database.parent / "mlartifacts").as_uri())


def wanted_target(options: TrackingOptions, root: Path, local: Target) -> Target:
    """Where runs shall be kept: the configured store, or else the environment's, or else the local one."""
    uri = options.tracking_uri or os.environ.get("MLFLOW_TRACKING_URI")
    return target_at(uri, options.experiment, root) if uri else local


def target_at(uri: str, experiment: str, root: Path) -> Target:
    """The store of a URI; a database is relative to the project, wherever the command is given."""
    database = database_of(uri)
    return Target(uri, experiment) if database is None else sqlite_target(root / database, experiment)
