"""`kedro register` asks the registry of the configured store, and says what is wrong in one line."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from nevus.cli.register import register
from nevus.contracts import NevusError
from nevus.tracking import registry
from nevus.tracking.registry import Registered


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list:
    found: list = []

    def put(target, wanted, *, name, alias):
        found.append((target, wanted, name, alias))
        return Registered(name, "3", alias, wanted, "f" * 32, is_new=len(found) == 1)

    monkeypatch.setattr(registry, "register", put)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return found


def call(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(register, arguments, obj=SimpleNamespace(project_path=root))


def test_the_version_and_the_address_are_said(root, asked):
    for words in ("is version 3", "is already version 3"):
        result = call(root, "--run=supervised/seed0", "--alias=champion", "--env=test")
        assert result.exit_code == 0, result.output
        assert f"supervised/seed0 ({'f' * 32}) {words} of nevus-test, with the alias champion." in result.output
        assert f"MLFLOW_TRACKING_URI=sqlite:///{root / 'mlflow.db'}" in result.output
        assert "models:/nevus-test@champion" in result.output
    target, *rest = asked[0]
    assert (target.experiment, rest) == ("test", ["supervised/seed0", "nevus-test", "champion"])


def test_the_server_of_the_environment_is_asked(root, asked, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert call(root, "--run=x", "--alias=champion", "--name=mine").exit_code == 0
    assert (asked[0][0].uri, asked[0][2]) == ("http://127.0.0.1:9", "mine")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--alias=v1"], "--alias: 'v1' is no name for it"),
        (["--alias=Latest"], "--alias: 'Latest' is no name for it"),
        (["--alias=a b"], "--alias: 'a b' is no name for it"),
        (["--alias=champion", "--name=a/b"], "--name: 'a/b' is no name for it"),
        (["--alias=champion", "--env=nowhere"], "there is no environment 'nowhere'"),
        ([], "Missing option '--alias'"),
    ],
)
def test_what_cannot_be_is_refused_before_the_store_is_asked(root, asked, arguments, said):
    result = call(root, "--run=supervised/seed0", *arguments)
    assert result.exit_code != 0
    assert said in result.output
    assert asked == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NevusError("there is no run 'x'."), "Error: there is no run 'x'."),
        (ConnectionError("Connection refused"), "x is not registered. Cause: ConnectionError: Connection refused"),
    ],
)
def test_what_the_registry_refuses_is_one_line(root, monkeypatch, error, said):
    def refuse(*_, **__):
        raise error

    monkeypatch.setattr(registry, "register", refuse)
    result = call(root, "--run=x", "--alias=champion")
    assert result.exit_code == 1
    assert said in result.output
