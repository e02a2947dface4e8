"""Predictions that another program made, scored as those of any method."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nevus.contracts import Corpus, CorpusError, NevusError, SourceError
from nevus.io.handed_table import HandedTableDataset
from nevus.metrics.predictions import probabilities_of
from nevus.pipeline_registry import register_pipelines
from nevus.pipelines.external.nodes import describe, read_predictions
from nevus.pipelines.external.params import ExternalParams
from nevus.pipelines.reporting import nodes as reporting
from nevus.pipelines.reporting.params import EvaluationParams
from nevus.pipelines.reporting.runs import name_of, threshold_of

PARAMS = ExternalParams(predictions="mine.csv", name="theirs", threshold=None)
SCORING = EvaluationParams(
    replicates=100, confidence=0.95, seed=0, calibration_bins=10, threshold=0.5, prevalences=(0.1,)
)


@pytest.fixture
def handed(test_set: Corpus) -> pd.DataFrame:
    ids = test_set.manifest["image_id"]
    return pd.DataFrame({"image_name": ids, "target": np.linspace(0.05, 0.95, len(ids))}).reset_index(drop=True)


@pytest.fixture
def read(test_set: Corpus, tmp_path: Path):
    """Hands a table in as a file and reads it."""

    def call(table: pd.DataFrame, suffix: str = "csv", corpus: Corpus = test_set, **how) -> pd.DataFrame:
        path = tmp_path / f"mine.{suffix}"
        if suffix == "csv":
            table.to_csv(path, index=False, **how)
        elif suffix == "xlsx":
            table.to_excel(path, index=False)
        else:
            table.to_parquet(path)
        return read_predictions(HandedTableDataset(filepath=str(path)).load(), corpus, PARAMS)

    return call


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet"])
def test_rows_in_any_order_and_format_are_put_to_the_images_that_they_name(handed, read, test_set, suffix):
    found = read(handed.sample(frac=1, random_state=0), suffix)
    assert found["image_id"].tolist() == test_set.manifest["image_id"].tolist()
    np.testing.assert_allclose(probabilities_of(found), handed["target"], atol=1e-12)
    assert (found["split"] == "test").all()
    assert found["label"].tolist() == test_set.manifest["label"].tolist()


@pytest.mark.parametrize(
    "rename",
    [
        {"image_name": "image_id", "target": "probability"},
        {"image_name": "isic_id", "target": "Melanoma"},
        {"image_name": "Image", "target": "TARGET"},
    ],
)
def test_columns_may_be_called_as_challenges_call_them(handed, read, rename):
    np.testing.assert_allclose(probabilities_of(read(handed.rename(columns=rename))), handed["target"])


def test_ids_may_be_names_of_files_and_numbers_may_have_a_decimal_comma(handed, read):
    other = handed.assign(image_name=handed["image_name"] + ".jpg")
    np.testing.assert_allclose(probabilities_of(read(other, sep=";", decimal=",")), handed["target"])


def test_a_column_a_class_is_read_by_the_names_of_the_classes(handed, read, test_set):
    names = ["nv", "mel", "bcc"]
    corpus = test_set._replace(classes=tuple(names))
    shares = np.random.default_rng(0).dirichlet([1, 1, 1], len(handed))
    table = pd.DataFrame(shares[:, ::-1], columns=names[::-1]).assign(image_name=handed["image_name"])
    np.testing.assert_allclose(probabilities_of(read(table, corpus=corpus)), shares)
    numbered = table.rename(columns={name: f"probability_{number}" for number, name in enumerate(names)})
    np.testing.assert_allclose(probabilities_of(read(numbered, corpus=corpus)), shares)


def with_first(handed: pd.DataFrame, column: str, value: object) -> pd.DataFrame:
    return handed.astype(object).assign(**{column: [value, *handed[column].iloc[1:]]})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.iloc[3:], r"lacks 3 images \(.*\) of 40"),
        (lambda t: pd.concat([t, t.iloc[:2]]), r"each test image once, but 2 images \(.*\) come again"),
        (lambda t: with_first(t, "image_name", "ISIC_1"), r"but 1 images \(ISIC_1\) are not among its 40 test images"),
        (lambda t: with_first(t, "image_name", None), "image_name is empty in 1"),
        (lambda t: with_first(t, "target", 1.2), "must lie between 0 and 1, but 1 do not, such as 1.2"),
        (lambda t: with_first(t, "target", -3), "must lie between 0 and 1, but 1 do not, such as -3"),
        (lambda t: with_first(t, "target", float("nan")), "a number, but 1 have none, such as"),
        (lambda t: with_first(t, "target", "high"), "but 1 have none, such as .*: 'high'"),
        (lambda t: t.rename(columns={"image_name": "picture"}), "which image each row is of.*picture, target"),
        (lambda t: t.rename(columns={"target": "score"}), "target or probability, of melanoma, or benign, melanoma"),
    ],
)
def test_a_table_that_cannot_be_scored_says_why(handed, read, change, message):
    with pytest.raises(CorpusError, match=message):
        read(change(handed))


def test_probabilities_of_the_classes_have_to_add_up(handed, read, test_set):
    with pytest.raises(CorpusError, match="add up to 1"):
        read(handed.assign(nv=0.5, mel=0.5, bcc=0.5), corpus=test_set._replace(classes=("nv", "mel", "bcc")))


def test_a_table_without_rows_is_refused(handed, read):
    with pytest.raises(SourceError, match="has a header and no rows"):
        read(handed.iloc[:0])


@pytest.mark.parametrize("path", ["nothing.csv", "."])
def test_a_path_without_a_table_is_refused(tmp_path, path):
    with pytest.raises(Exception, match="Wanted a table"):
        HandedTableDataset(filepath=str(tmp_path / path)).load()


def test_a_call_that_names_no_table_is_told_how():
    with pytest.raises(NevusError, match=r"--params external\.predictions=mine\.csv"):
        read_predictions(None, None, PARAMS.model_copy(update={"predictions": None}))


def test_test_images_of_one_class_alone_cannot_be_scored(handed, read, training, test_set):
    benign = test_set._replace(manifest=test_set.manifest[test_set.manifest["label"] == 0])
    table = read(handed[handed["image_name"].isin(benign.manifest["image_id"])], corpus=benign)
    classifier = describe(training, PARAMS, 0, "theirs")
    seen = training.manifest[["image_id", "split"]]
    with pytest.raises(CorpusError, match="needs test images of every class, but found 20 of class 0, 0 of class 1"):
        reporting.evaluate(SCORING, classifier, table, seen, table, table)


def test_the_run_is_named_after_the_table_and_calls_at_the_threshold_that_comes_with_it(training):
    classifier = describe(training, PARAMS.model_copy(update={"threshold": 0.3}), 0, "theirs")
    assert name_of(classifier.record) == "external-theirs"
    assert classifier.record["corpus"] == training.fingerprint
    assert threshold_of(classifier.spec, SCORING) == 0.3
    assert "threshold" not in describe(training, PARAMS, 0, "theirs").spec


def test_the_pipeline_has_a_page_and_floors_and_looks_into_no_network():
    pipeline = register_pipelines()["external"]
    assert {"external.report", "external.metrics", "external.majority", "external.gallery"} <= pipeline.all_outputs()
    assert not {"external.curves", "external.history"} & pipeline.datasets()


def test_name_and_table_reach_the_paths_of_the_run(configuration):
    config = configuration("test", external={"predictions": "mine.csv", "name": "theirs"})
    assert config["parameters"]["variant"] == "theirs"
    assert config["catalog"]["external.classifier"]["filepath"].endswith("external-theirs/seed0/description.json")
    assert config["catalog"]["handed_predictions"]["filepath"] == "mine.csv"
