"""Fixtures shared by all tests."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# Before numpy is imported: these arrays are small, and threads that wait for each other take longer than they save,
# most of all on a machine that has other work.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from nevus.configuration import ConfigLoader
from nevus.settings import CONFIG_LOADER_ARGS
from tests.preloaded import Preloaded, preloading


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their number: archives hold the time of packing, and workers must collect the same names."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def project() -> Path:
    """The root of the repository."""
    return PROJECT


@pytest.fixture(scope="session")
def preloaded() -> Iterator[Preloaded]:
    """Starts processes that need not import the heavy libraries."""
    with preloading() as found:
        yield found


@pytest.fixture(scope="session")
def configuration(project: Path) -> Callable[..., ConfigLoader]:
    """The project's configuration as a run sees it: of an environment, with what `--params` gives.

    A loader hands out copies of what it has put together, so tests that ask for the same share one.
    """
    loaders: dict[str, ConfigLoader] = {}

    def load(env: str = "test", **given: Any) -> ConfigLoader:
        asked = repr((env, given))
        if asked not in loaders:
            loaders[asked] = ConfigLoader(str(project / "conf"), env=env, runtime_params=given, **CONFIG_LOADER_ARGS)
        return loaders[asked]

    return load


@pytest.fixture(scope="session")
def sample_folder() -> Path:
    """Where the real sample files are looked for; they are not part of the repository."""
    return Path(os.environ.get("NEVUS_SAMPLE_DATA", PROJECT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def sample_data(sample_folder: Path) -> Path:
    """The folder of real sample files; without it, the test is skipped."""
    if not sample_folder.is_dir():
        pytest.skip(f"no sample data at {sample_folder}; set NEVUS_SAMPLE_DATA to the folder that holds them")
    return sample_folder


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A migrated database, made once: the migrations take seconds."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path.read_bytes()
