"""A small corpus of drawings, and the parameters of the `test` environment."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from nevus.contracts import Corpus
from nevus.corpus.decode import decode
from nevus.pipelines.classifier.params import ClassifierParams
from nevus.pipelines.cross_validation.params import CrossValidationParams
from nevus.pipelines.ingestion.params import IngestionParams
from nevus.pipelines.linear_probe.params import LinearProbeParams
from nevus.pipelines.ssgan.params import SsganParams
from nevus.readers import phantom


@pytest.fixture(scope="session")
def parameters(configuration) -> dict[str, Any]:
    return configuration()["parameters"]


@pytest.fixture(scope="session")
def supervised(parameters) -> ClassifierParams:
    return ClassifierParams.model_validate(parameters["supervised"])


@pytest.fixture(scope="session")
def labeled_only(parameters) -> ClassifierParams:
    return ClassifierParams.model_validate(parameters["labeled_only"])


@pytest.fixture(scope="session")
def linear_probe(parameters) -> LinearProbeParams:
    return LinearProbeParams.model_validate(parameters["linear_probe"])


@pytest.fixture(scope="session")
def ssgan(parameters) -> SsganParams:
    return SsganParams.model_validate(parameters["ssgan"])


@pytest.fixture(scope="session")
def cross_validation(parameters) -> CrossValidationParams:
    return CrossValidationParams.model_validate(parameters["cross_validation"])


@pytest.fixture(scope="session")
def ingestion(parameters) -> IngestionParams:
    return IngestionParams.model_validate(parameters["ingestion"])


@pytest.fixture(scope="session")
def corpus(ingestion) -> Corpus:
    """All splits of the small phantom."""
    listing = phantom.read(None, ingestion.phantom, size=16 * 2)
    decoded = decode(listing.source.read(listing.records["file"].tolist()), 32, max_pixels=10_000, resize="squash")
    rows = np.arange(len(listing.records))
    manifest = listing.records.reset_index(drop=True).assign(row=rows, sha256=[f"{row:064x}" for row in rows])
    return Corpus(manifest, decoded.pixels, "small phantom")


def part(corpus: Corpus, *splits: str) -> Corpus:
    """Some splits, as the catalog hands them to a node."""
    manifest: pd.DataFrame = corpus.manifest[corpus.manifest["split"].isin(splits)]
    pixels = corpus.pixels[manifest["row"].to_numpy()]
    return corpus._replace(manifest=manifest.assign(row=np.arange(len(manifest))), pixels=pixels)


@pytest.fixture(scope="session")
def training(corpus) -> Corpus:
    return part(corpus, "labeled", "unlabeled")


@pytest.fixture(scope="session")
def validation(corpus) -> Corpus:
    """The phantom has no images to choose by."""
    return part(corpus, "validation")


@pytest.fixture(scope="session")
def test_set(corpus) -> Corpus:
    return part(corpus, "test")
