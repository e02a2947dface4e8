"""A copy of the project in a temporary folder, and one finished run in it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.preloaded import Preloaded, Started

# One process for all sessions that a test runs.
SESSIONS = """
import json, sys
from pathlib import Path
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
bootstrap_project(Path.cwd())
for session, run in json.loads(sys.argv[1]):
    with KedroSession.create(**session) as created:
        created.run(**run)
"""


@dataclass(frozen=True)
class Project:
    """A copy of the project with its own data folder and tracking store."""

    root: Path
    preloaded: Preloaded

    def start(self, *arguments: str, **environment: str) -> Started:
        """Start `kedro ARGUMENTS` as a user would, in the project's root."""
        return self.preloaded.start("-m", "kedro", *arguments, cwd=self.root, env=one_thread(environment))

    def kedro(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `kedro ARGUMENTS` to its end."""
        return self.start(*arguments, **environment).completed()

    def sessions(self, runs: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
        """Run Kedro sessions one after the other: what each is created with, and what it is to run."""
        environment = one_thread({"COLUMNS": "200"})
        done = self.preloaded.start("-c", SESSIONS, json.dumps(runs), cwd=self.root, env=environment).completed()
        assert done.returncode == 0, done.stderr[-3000:]

    def data(self, path: str) -> Path:
        """A file below data/."""
        return self.root / "data" / path


def clean_environment() -> dict[str, str]:
    """The environment, less what would send runs or data elsewhere."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW", "KEDRO", "COV", "NEVUS_TRACEBACK"))}


def one_thread(environment: dict[str, str]) -> dict[str, str]:
    """The clean environment with this one; these networks are tiny, and tests may run beside other work."""
    return {**clean_environment(), "OMP_NUM_THREADS": "1", **environment}


def copy_project(project: Path, root: Path) -> Path:
    """Copy the configuration into an empty folder and link the code."""
    shutil.copytree(project / "conf", root / "conf", ignore=shutil.ignore_patterns("local"))
    (root / "conf" / "local").mkdir()
    shutil.copy(project / "pyproject.toml", root)
    (root / "src").mkdir()  # Kedro wants a real folder below the project
    (root / "src" / "nevus").symlink_to(project / "src" / "nevus")
    return root


@pytest.fixture(scope="session")
def new_project(project: Path, preloaded: Preloaded, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """Makes copies of the project; code is linked, configuration copied, data empty."""

    def make() -> Project:
        return Project(copy_project(project, tmp_path_factory.mktemp("project")), preloaded)

    return make


@pytest.fixture(scope="session")
def finished(new_project: Callable[[], Project]) -> tuple[Project, subprocess.CompletedProcess[str]]:
    """A project after `kedro run --pipeline=ssgan --env=test`, and what the command printed."""
    made = new_project()
    command = [
        sys.executable,
        "-m",
        "kedro",
        "run",
        "--pipeline=ssgan",
        "--env=test",
    ]  # as a user's: a Python of its own
    return made, subprocess.run(command, cwd=made.root, env=one_thread({}), capture_output=True, text=True, timeout=300)
