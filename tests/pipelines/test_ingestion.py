"""The nodes of the ingestion, by themselves."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from nevus.contracts import SourceError
from nevus.pipelines.ingestion.nodes import list_images
from nevus.pipelines.ingestion.params import IngestionParams
from nevus.readers.layouts import LAYOUTS
from tests.fakes import FakeSource, melanoma_files
from tests.readers.fake_challenges import ham10000_files, isic_2017_files, isic_archive_files
from tests.readers.fake_folders import diagnosis_files, image_folder_files
from tests.readers.fake_siim import siim_files
from tests.readers.fake_tables import mnist_files

SOURCES: dict[str, Callable[[], dict[str, bytes]]] = {
    "ham10000": ham10000_files,
    "isic_2017": isic_2017_files,
    "siim_isic_2020": lambda: siim_files(20, 2),
    "isic_archive": isic_archive_files,
    "mnist": lambda: mnist_files(20, 10),
    "melanoma": melanoma_files,
    "image_folder": image_folder_files,
    "diagnosis_folders": diagnosis_files,
}
BY_TABLE_OR_NAME = ("ham10000", "isic_2017", "siim_isic_2020", "isic_archive", "mnist", "table", "melanoma_detection")
FORMATS = {layout.environment: layout.format for layout in LAYOUTS}


@pytest.fixture(scope="module")
def defaults(project: Path) -> dict[str, Any]:
    parameters = yaml.safe_load((project / "conf" / "base" / "parameters" / "ingestion.yml").read_text())
    return {**parameters["ingestion"], "size": 32, "resize": "squash"}


@pytest.mark.parametrize("environment", SOURCES)
@pytest.mark.parametrize("format", BY_TABLE_OR_NAME)
def test_a_reader_of_another_format_names_the_environment_once(
    environment: str, format: str, defaults: dict[str, Any]
) -> None:
    options = IngestionParams.model_validate({**defaults, "format": format})
    if FORMATS[environment] == format:
        assert len(list_images(FakeSource(SOURCES[environment]()), options).records)
        return
    with pytest.raises(SourceError) as refused:
        list_images(FakeSource(SOURCES[environment]()), options)
    assert str(refused.value).count(f"--env={environment}`") == 1


@pytest.mark.parametrize("format", BY_TABLE_OR_NAME)
def test_a_source_of_no_known_layout_gets_no_guess(format: str, defaults: dict[str, Any]) -> None:
    options = IngestionParams.model_validate({**defaults, "format": format})
    with pytest.raises(SourceError) as refused:
        list_images(FakeSource({"notes.txt": b""}), options)
    assert "These look like" not in str(refused.value)
