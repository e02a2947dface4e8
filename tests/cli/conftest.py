"""A project of configuration alone, which is enough to plan runs."""

import shutil
from pathlib import Path

import pytest
from kedro.framework.project import configure_project, pipelines


@pytest.fixture(scope="module")
def root(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of the project, without code and data."""
    configure_project("nevus")
    pipelines.set_requested(None)
    made = tmp_path_factory.mktemp("project")
    shutil.copytree(project / "conf", made / "conf")
    return made
