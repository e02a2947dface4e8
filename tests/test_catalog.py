"""What Kedro-Viz shows: every dataset has a layer, every figure and table a preview."""

import pytest
from kedro.io import DataCatalog

from nevus.pipeline_registry import register_pipelines


@pytest.fixture(scope="module")
def catalog(configuration):
    return DataCatalog.from_config(configuration()["catalog"])


@pytest.fixture(scope="module")
def names():
    every = {name for pipeline in register_pipelines().values() for name in pipeline.datasets()}
    return sorted(name for name in every if not name.startswith("params:"))


def test_every_dataset_is_in_the_catalog_with_a_layer(catalog, names):
    for name in names:
        dataset = catalog.get(name)
        assert dataset is not None, name
        assert dataset.metadata["kedro-viz"]["layer"], name


def test_figures_and_tables_have_previews(catalog, names):
    shown = [name for name in names if type(catalog.get(name)).__name__ in ("FigureDataset", "CSVDataset")]
    assert {"ssgan.metrics", "ssgan.roc", "contact_sheet", "corpus_summary"} <= set(shown)
    for name in [*shown, "ssgan.progress", "packed@recipe"]:
        assert callable(getattr(catalog.get(name), "preview", None)), name


def test_what_a_run_hands_over_is_tracked(catalog):
    kinds = {
        "ssgan.metrics": ["metrics", "artifact"],  # as a table too: it has the bounds of the intervals
        "ssgan.history": "history",
        "ssgan.classifier": "model",
        "ssgan.report": "artifact",
    }
    for name, kind in kinds.items():
        assert catalog.get(name).metadata["mlflow"] == kind
