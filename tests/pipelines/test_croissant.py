"""Croissant metadata of a packed corpus, read by mlcroissant."""

import shutil

import pytest

from nevus.contracts import MANIFEST_COLUMNS
from nevus.io.corpus import CorpusDataset
from nevus.io.croissant import CroissantDataset
from nevus.pipelines.ingestion.nodes import describe_corpus, pack_corpus

mlcroissant = pytest.importorskip("mlcroissant")


@pytest.fixture(scope="module")
def described(ingestion, tmp_path_factory):
    """A packed corpus, and the metadata beside it."""
    folder = tmp_path_factory.mktemp("packed")
    corpus = CorpusDataset(filepath=str(folder / "corpus"))
    corpus.save(pack_corpus(None, ingestion.model_copy(update={"workers": 0})))
    dataset = CroissantDataset(filepath=str(folder / "croissant.json"), corpus={"filepath": str(folder / "corpus")})
    assert not dataset.exists()
    dataset.save(describe_corpus(corpus.load(), ingestion))
    return folder, corpus.load(), dataset.load()


def test_mlcroissant_finds_no_error_and_reads_every_row(described):
    folder, packed, _ = described
    found = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    assert not found.metadata.ctx.issues.errors
    records = list(found.records("images"))
    assert len(records) == len(packed.manifest)
    assert list(records[0]) == [f"images/{name}" for name in MANIFEST_COLUMNS]
    for row in (0, 50, len(records) - 1):
        wanted, record = packed.manifest.iloc[row], records[row]
        assert record["images/image_id"].decode() == wanted["image_id"]
        assert record["images/row"] == row
        assert record["images/label"] == (None if wanted.isna()["label"] else wanted["label"])


def test_files_licence_and_classes_are_named(described):
    _, packed, content = described
    assert content["license"] == "https://www.apache.org/licenses/LICENSE-2.0"
    assert [file["contentUrl"] for file in content["distribution"]] == ["corpus/manifest.parquet", "corpus/pixels.npy"]
    assert packed.fingerprint in content["description"]
    (label,) = (one for one in content["recordSet"][0]["field"] if one["name"] == "label")
    assert label["description"] == "0: benign, 1: melanoma"


def test_where_the_licence_is_not_known_none_is_claimed(described, ingestion):
    _, packed, _ = described
    other = describe_corpus(packed, ingestion.model_copy(update={"format": "table"}))
    assert "license" not in other


def test_a_folder_that_was_moved_is_read_as_it_was(described, tmp_path):
    folder, packed, _ = described
    moved = shutil.copytree(folder, tmp_path / "elsewhere")
    records = mlcroissant.Dataset(jsonld=str(moved / "croissant.json")).records("images")
    assert next(iter(records))["images/image_id"].decode() == packed.manifest["image_id"].iloc[0]
