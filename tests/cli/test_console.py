"""What the log shows."""

import logging

import pytest

from nevus.cli.console import InEnvironment


@pytest.mark.parametrize(
    ("name", "env", "shown"),
    [
        ("nevus.corpus.split", "table", "Set it in conf/table/parameters.yml, 5 % of all."),
        ("nevus.corpus.split", None, "Set it in conf/<env>/parameters.yml, 5 % of all."),
        ("kedro.runner", "table", "Set it in conf/<env>/parameters.yml, 5 % of all."),
    ],
)
def test_the_project_names_the_files_of_the_environment_in_its_log(name: str, env: str | None, shown: str) -> None:
    record = logging.LogRecord(
        name, logging.WARNING, "", 1, "Set it in %s, %d %% of all.", ("conf/<env>/parameters.yml", 5), None
    )
    assert InEnvironment(env).filter(record)
    assert record.getMessage() == shown
