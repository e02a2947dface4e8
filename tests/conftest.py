"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def project() -> Path:
    """The root of the repository."""
    return PROJECT


@pytest.fixture(scope="session")
def sample_data() -> Path:
    """The folder of real sample files, which is not part of the repository."""
    folder = Path(os.environ.get("NEVUS_SAMPLE_DATA", PROJECT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no sample data at {folder}; set NEVUS_SAMPLE_DATA to the folder that holds them")
    return folder
