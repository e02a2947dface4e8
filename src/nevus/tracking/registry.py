"""MLflow's registry of models: names that people know, with versions and an alias for the one in use."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from nevus.contracts import NevusError
from nevus.tracking.experiment import Target, connect, database_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

RUN_ID = re.compile(r"[0-9a-f]{32}")
NEWEST = 500  # runs whose names are looked at to say which was meant
SHOWN = 5  # of them, in a message


@dataclass(frozen=True)
class Registered:
    """A version of a registered model.

    Attributes:
        name: Of the registered model.
        version: Counted from 1.
        alias: That it has, and no other version of this model.
        run: Name of the run that it comes from.
        run_id: MLflow's id of that run.
        is_new: Whether this call made the version; a run that is registered under the name already keeps its own.
    """

    name: str
    version: str
    alias: str
    run: str
    run_id: str
    is_new: bool

    @property
    def address(self) -> str:
        """What `mlflow.pyfunc.load_model` and `mlflow models serve` take."""
        return f"models:/{self.name}@{self.alias}"


def register(target: Target, wanted: str, *, name: str, alias: str) -> Registered:
    """Give the model of a finished run a name in the registry, and this version an alias.

    Args:
        target: Where runs are kept; the registry is that of the same store, unless MLflow is told otherwise.
        wanted: Name of the run in the experiment, of which the newest finished one is meant, or MLflow's id of it.
        name: Of the registered model; made if there is none.
        alias: Moved here from whatever version has it.

    Raises:
        NevusError: There is no such run, it is not finished, or it has no model.
        Exception: Whatever SQLite or MLflow raise; `nevus.tracking.causes` puts it in words.
    """
    database = database_of(target.uri)
    if database is not None and not database.exists():
        raise NevusError(f"there is no run '{wanted}': no run has been tracked in {database} yet.")
    client = connect(target.uri)
    run = _by_id(client, wanted) if RUN_ID.fullmatch(wanted) else _by_name(client, target.experiment, wanted)
    if (state := _unfit(run.info)) is not None:
        raise NevusError(f"the run {run.info.run_name} ({run.info.run_id}) {state}; only a finished one is registered.")
    version, is_new = _version_of(client, run, name)
    client.set_registered_model_alias(name, alias, version)
    return Registered(name, version, alias, run.info.run_name, run.info.run_id, is_new)


def _unfit(info: Any) -> str | None:
    """Why a run is not registered, or None."""
    if info.lifecycle_stage == "deleted":
        return "lies in MLflow's bin"
    if info.status == "FINISHED":
        return None
    return "is still going on" if info.status == "RUNNING" else f"ended as {info.status}"


def _by_id(client: MlflowClient, run_id: str) -> Any:
    from mlflow.exceptions import MlflowException

    try:
        return client.get_run(run_id)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            raise NevusError(f"there is no tracked run with the id {run_id}.") from error
        raise


def _by_name(client: MlflowClient, experiment: str, wanted: str) -> Any:
    """The newest finished run of this name, or else the newest."""
    found = client.get_experiment_by_name(experiment)
    if found is None:
        raise NevusError(
            f"there is no run '{wanted}': nothing has been tracked in the experiment '{experiment}' yet. Give the "
            "--env that the run had."
        )
    runs: list[Any] = []
    if "'" not in wanted:
        named = f"attributes.run_name = '{wanted}'"
        for narrowed in (f"{named} and attributes.status = 'FINISHED'", named):
            runs = runs or list(client.search_runs([found.experiment_id], narrowed, max_results=1))
    if not runs:
        raise _unknown(client, found.experiment_id, experiment, wanted)
    return runs[0]


def _unknown(client: MlflowClient, experiment_id: str, experiment: str, wanted: str) -> NevusError:
    newest = client.search_runs([experiment_id], max_results=NEWEST)
    names = list(dict.fromkeys(run.info.run_name for run in newest if run.info.status == "FINISHED"))
    near = get_close_matches(wanted, names, 1)
    meant = f"; did you mean '{near[0]}'?" if near else "."
    more = ", ..." if len(names) > SHOWN else ""
    return NevusError(
        f"there is no run '{wanted}' in the experiment '{experiment}'{meant} Newest: "
        f"{', '.join(names[:SHOWN]) or 'none'}{more}. Another data set has another experiment: give its --env."
    )


def _version_of(client: MlflowClient, run: Any, name: str) -> tuple[str, bool]:
    """The version of a registered model that holds the run's model, made where there is none."""
    models = run.outputs.model_outputs if run.outputs else []
    if not models:
        raise NevusError(
            f"the run {run.info.run_name} ({run.info.run_id}) has no model. Those of methods have one, such as of "
            "`kedro run --pipeline=supervised`."
        )
    model = client.get_logged_model(models[-1].model_id)
    _have(client, name)
    # The place of the files, not models:/<id>: MLflow would look that up where runs are kept by default.
    source, run_id = model.artifact_location, run.info.run_id
    for version in client.search_model_versions(f"name = '{name}'"):
        if (version.source, version.run_id) == (source, run_id):
            return str(version.version), False
    made = client.create_model_version(name, source, run_id, model_id=model.model_id)
    return str(made.version), True


def _have(client: MlflowClient, name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
