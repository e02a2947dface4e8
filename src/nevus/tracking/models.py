"""Models in an MLflow store: found by the id of their run, or by their name in the registry."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from nevus.contracts import NevusError
from nevus.tracking.causes import why
from nevus.tracking.experiment import connect, database_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

RUN = re.compile(r"(?:runs:/)?([0-9a-f]{32})")
REGISTERED = re.compile(r"(?:models:/)?([^@/]+)@([^@/]+)|models:/([^@/]+)/([1-9][0-9]*)")
LOGGED = re.compile(r"models:/(m-[0-9a-f]{32})")
NOT_THERE = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")  # the latter of an alias


@dataclass(frozen=True)
class ModelStore:
    """The models of one MLflow store.

    Attributes:
        uri: Of the store, and of the registry in it; MLflow's own global choice does not count.
    """

    uri: str

    def location(self, reference: str) -> str | None:
        """Where the files of a model are, as MLflow's URI.

        Args:
            reference: The id of a run, 32 hexadecimal digits; `NAME@ALIAS` or `models:/NAME@ALIAS` or
                `models:/NAME/VERSION` of the registry; or `models:/m-...`, a logged model.

        Returns:
            None for a reference of another form.

        Raises:
            NevusError: There is no such run, model or alias, the run made no model, or the store cannot be used.
        """
        for form, ask in ((RUN, _of_run), (LOGGED, _of_logged), (REGISTERED, _of_registered)):
            if (found := form.fullmatch(reference)) is not None:
                return self._ask(partial(ask, found, self.uri))
        return None

    def download(self, location: str, folder: str) -> str:
        """Copy the files of a model.

        Args:
            location: From `location`.
            folder: An empty folder.

        Returns:
            The folder with the file MLmodel.

        Raises:
            NevusError: They cannot be had.
        """
        from mlflow.artifacts import download_artifacts

        try:
            found: str = download_artifacts(artifact_uri=location, dst_path=folder, tracking_uri=self.uri)
        except Exception as error:
            raise NevusError(f"the files of the model at {location} cannot be had. {why(error, self.uri)}") from error
        return found

    def _ask(self, question: Callable[[MlflowClient], str]) -> str:
        database = database_of(self.uri)
        if database is not None and not database.exists():  # asking would make an empty one
            raise NevusError(f"no run is tracked yet: there is no {database}. Train one, or set MLFLOW_TRACKING_URI.")
        try:
            return question(connect(self.uri))
        except NevusError:
            raise
        except Exception as error:
            raise NevusError(f"The model cannot be looked up. {why(error, self.uri)}") from error


def _of_run(found: re.Match[str], uri: str, client: MlflowClient) -> str:
    run_id = found[1]
    run: Any = _there(
        lambda: client.get_run(run_id),
        f"there is no run of the id {run_id} in {uri}. Its id is in the address of its page in `mlflow ui`.",
    )
    made = run.outputs.model_outputs if run.outputs else []
    if not made:
        raise NevusError(
            f"the run {run.info.run_name or run_id} in {uri} has no model: it trained none, or failed before that. "
            "Name one that did."
        )
    return str(client.get_logged_model(made[-1].model_id).artifact_location)


def _of_logged(found: re.Match[str], uri: str, client: MlflowClient) -> str:
    model: Any = _there(lambda: client.get_logged_model(found[1]), f"there is no logged model {found[1]} in {uri}.")
    return str(model.artifact_location)


def _of_registered(found: re.Match[str], uri: str, client: MlflowClient) -> str:
    name, alias, numbered, version = found.groups()
    name = name or numbered
    others = ", ".join(sorted(model.name for model in client.search_registered_models())) or "none"
    said = f"there is no registered model '{name}' in {uri}. Registered: {others}."
    model = _there(lambda: client.get_registered_model(name), said)
    known = ", ".join(f"{name}@{one}" for one in sorted(model.aliases)) or "none"
    if alias is not None:
        said = f"the registered model '{name}' in {uri} has no alias '{alias}'. Aliases: {known}."
        version = _there(lambda: client.get_model_version_by_alias(name, alias), said).version
    said = f"the registered model '{name}' in {uri} has no version {version}. Aliases: {known}."
    return str(_there(lambda: client.get_model_version_download_uri(name, str(version)), said))


def _there(ask: Callable[[], Any], said: str) -> Any:
    """What is asked for.

    Raises:
        NevusError: It is not there.
    """
    from mlflow.exceptions import MlflowException

    try:
        return ask()
    except MlflowException as error:
        if error.error_code in NOT_THERE:
            raise NevusError(said) from error
        raise
