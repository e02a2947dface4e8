"""A copy of the project in a temporary folder, and one finished run in it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Project:
    """A copy of the project with its own data folder and tracking store."""

    root: Path

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start `kedro ARGUMENTS` as a user would, in the project's root."""
        return subprocess.Popen(
            [sys.executable, "-m", "kedro", *arguments],
            cwd=self.root,
            # One thread: these networks are tiny, and tests may run beside other work.
            env={**clean_environment(), "OMP_NUM_THREADS": "1", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def kedro(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `kedro ARGUMENTS` to its end."""
        process = self.start(*arguments, **environment)
        stdout, stderr = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def data(self, path: str) -> Path:
        """A file below data/."""
        return self.root / "data" / path


def clean_environment() -> dict[str, str]:
    """The environment, less what would send runs or data elsewhere."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW", "KEDRO", "COV", "NEVUS_TRACEBACK"))}


def copy_project(project: Path, root: Path) -> Path:
    """Copy the configuration into an empty folder and link the code."""
    shutil.copytree(project / "conf", root / "conf", ignore=shutil.ignore_patterns("local"))
    (root / "conf" / "local").mkdir()
    shutil.copy(project / "pyproject.toml", root)
    (root / "src").mkdir()  # Kedro wants a real folder below the project
    (root / "src" / "nevus").symlink_to(project / "src" / "nevus")
    return root


@pytest.fixture(scope="session")
def new_project(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """Makes copies of the project; code is linked, configuration copied, data empty."""

    def make() -> Project:
        return Project(copy_project(project, tmp_path_factory.mktemp("project")))

    return make


@pytest.fixture(scope="session")
def finished(new_project: Callable[[], Project]) -> tuple[Project, subprocess.CompletedProcess[str]]:
    """A project after `kedro run --pipeline=ssgan --env=test`, and what the command printed."""
    made = new_project()
    return made, made.kedro("run", "--pipeline=ssgan", "--env=test")
