"""Seven classes of coloured squares, from the corpus to the report."""

import io
import re

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from kedro_datasets.pandas import CSVDataset, ParquetDataset

from nevus.contracts import Corpus, CorpusError
from nevus.io.animation import AnimationDataset
from nevus.io.figure import FigureDataset
from nevus.io.ledger import LedgerDataset
from nevus.io.model import ModelDataset
from nevus.metrics.scores import METRICS
from nevus.pipelines.classifier.nodes import build_classifier_learner
from nevus.pipelines.cross_validation.nodes import cross_validate
from nevus.pipelines.floors.nodes import predict_majority
from nevus.pipelines.method import create_pipeline
from nevus.pipelines.reporting.params import EvaluationParams, SubgroupParams
from tests.training.fakes import MemoryCheckpoints

NAMES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
COLOURS = np.array([(r, g, b) for r in (40, 200) for g in (40, 200) for b in (40, 200)][:7])
TABLES = ("metrics", "comparison", "class_metrics", "predictive_values")
FIGURES = ("roc", "precision_recall", "confusion", "score_histogram", "reliability", "decision_curve")
FIGURES += ("gallery", "curves", "forest", "real_and_generated")


def squares(**splits: int) -> Corpus:
    """So many images a split: a square in the colour of its class on grey noise; unlabelled ones hide their class."""
    generator = np.random.default_rng(0)
    split = np.repeat(list(splits), list(splits.values()))
    labels = np.concatenate([np.arange(count) % 7 for count in splits.values()])
    pixels = generator.integers(100, 140, (len(split), 16, 16, 3), dtype=np.uint8)
    pixels[:, 4:12, 4:12] = COLOURS[labels][:, None, None]
    hidden = pd.array(labels, dtype="Int64")
    hidden[split == "unlabeled"] = pd.NA
    manifest = pd.DataFrame(
        {
            "image_id": [f"{name} {row}" for row, name in enumerate(split)],
            "split": split,
            "label": hidden,
            "group_id": pd.Series([f"lesion {row // 14} {row % 7}" for row in range(len(split))], dtype="string"),
            "row": range(len(split)),
            "sha256": [f"{name} {row:060x}" for row, name in enumerate(split)],
        }
    )
    return Corpus(manifest, pixels, "squares", NAMES)


@pytest.fixture(scope="module")
def training() -> Corpus:
    return squares(labeled=56, unlabeled=28)


@pytest.fixture(scope="module")
def images_to_test_on() -> Corpus:
    return squares(test=70)


@pytest.fixture(scope="module")
def made(training, images_to_test_on, labeled_only, ssgan, tmp_path_factory):
    """All that the pipeline of a method leaves behind, from the split images on."""
    folder = tmp_path_factory.mktemp("seven")
    loop = ssgan.loop.model_copy(update={"steps": 60, "labeled_batch": 14, "log_every": 30})
    options = EvaluationParams(
        replicates=200, confidence=0.95, seed=0, calibration_bins=10, threshold=0.5, prevalences=(0.02, 0.5)
    )
    shown = {name: FigureDataset(filepath=str(folder / f"{name}.png")) for name in FIGURES}
    assignment = images_to_test_on.manifest[["image_id", "split", "label"]]
    ledger = LedgerDataset(filepath=str(folder / "test_ledger.jsonl"))
    nobody = images_to_test_on._replace(manifest=images_to_test_on.manifest.iloc[:0])
    catalog = DataCatalog(
        {
            "ssgan.corpus@training": MemoryDataset(training, copy_mode="assign"),
            "ssgan.corpus@validation": MemoryDataset(nobody, copy_mode="assign"),
            "ssgan.corpus@test": MemoryDataset(images_to_test_on, copy_mode="assign"),
            "ssgan.corpus@assignment": MemoryDataset(assignment),
            "params:labeled_only": MemoryDataset(labeled_only.model_copy(update={"loop": loop})),
            "params:ssgan": MemoryDataset(ssgan.model_copy(update={"loop": loop, "frames": 2})),
            "params:seed": MemoryDataset(0),
            "params:variant": MemoryDataset(None),
            "params:evaluation": MemoryDataset(options),
            "params:subgroups": MemoryDataset(SubgroupParams(age_bands=(50,), few=10, most=20)),
            "finished_runs": MemoryDataset({}),
            "ssgan.corpus_summary": MemoryDataset(pd.DataFrame({"split": ["test"], "images": [70]})),
            "ssgan.checkpoints": MemoryDataset(MemoryCheckpoints(), copy_mode="assign"),
            "ssgan.baseline.checkpoints": MemoryDataset(MemoryCheckpoints(), copy_mode="assign"),
            "ssgan.classifier": ModelDataset(filepath=str(folder / "model")),
            "ssgan.progress": AnimationDataset(filepath=folder / "progress.gif", milliseconds=100),
            **{f"ssgan.{name}": dataset for name, dataset in shown.items()},
            "ssgan.predictions": ParquetDataset(filepath=str(folder / "predictions.parquet")),
            **{f"ssgan.{name}": CSVDataset(filepath=str(folder / f"{name}.csv")) for name in TABLES},
            **{f"ssgan.test_ledger@{view}": ledger for view in ("entry", "all")},
        }
    )
    whole = create_pipeline("ssgan")
    SequentialRunner().run(whole - whole.only_nodes_with_tags("ingestion"), catalog)
    return catalog


def test_predictions_have_a_column_for_every_class(made):
    table = made["ssgan.predictions"].load()
    columns = [f"probability_{number}" for number in range(7)]
    assert [name for name in table.columns if name.startswith("prob")] == columns
    np.testing.assert_allclose(table[columns].sum(axis=1), 1, atol=1e-6)


def test_every_method_is_scored_and_compared_and_colours_are_told_apart(made):
    metrics, comparison = made["ssgan.metrics"].load(), made["ssgan.comparison"].load()
    names = set(METRICS) - {"sensitivity", "specificity"}
    assert set(metrics["metric"]) == set(comparison["metric"]) == names
    assert len(metrics) == 4 * len(names)
    assert len(comparison) == 3 * len(names)
    auc = metrics[metrics["metric"] == "auc"].set_index("method")["value"]
    assert auc["majority"] == 0.5
    assert auc["colour_svm"] > 0.95
    assert auc["ssgan"] > 0.6


def test_the_report_speaks_of_the_classes_that_there_are(made):
    page = made["ssgan.report"].load()
    text = re.sub(r"data:image/[^\"]*", "", page)
    assert "SSGAN: which of 7 classes?" in text
    assert "akiec: 10, bcc: 10, bkl: 10" in text
    assert "mean over the classes" in text
    assert "The likeliest class is called." in text
    assert not re.search(r"melanoma|benign|Elsewhere than|[{}]one", text)
    assert page.count("data:image/png;base64,") == len(FIGURES) - 1  # nothing is known that would part these images


def test_the_roc_figure_has_one_curve_a_class_and_the_mean_area_in_its_title(made):
    from nevus.pipelines.reporting.ranking import draw_roc

    tables = [made[f"ssgan.{name}"].load() for name in ("metrics", "predictions")]
    options = made["params:evaluation"].load()
    of_classes = made["ssgan.class_metrics"].load()
    figure = draw_roc(options, made["ssgan.classifier"].load(), tables[0], of_classes, tables[1], *tables[1:] * 2)
    axes = figure.axes[0]
    assert [line.get_label().split(":")[0] for line in axes.lines] == ["chance", *NAMES]
    metrics = tables[0].set_index(["method", "metric"])
    assert f"macro AUC {metrics.loc[('ssgan', 'auc'), 'value']:.2f}" in axes.get_title(loc="left")
    figure.savefig(io.BytesIO(), dpi=30)


def test_the_saved_model_gives_one_named_column_a_class(made, images_to_test_on):
    import mlflow

    model = mlflow.pyfunc.load_model(made["ssgan.classifier"]._filepath)
    found = model.predict(images_to_test_on.pixels[:5])
    assert tuple(found.columns) == NAMES
    columns = [f"probability_{number}" for number in range(7)]
    np.testing.assert_allclose(found, made["ssgan.predictions"].load()[columns][:5], atol=1e-5)
    assert tuple(model.metadata.signature.outputs.input_names()) == NAMES
    assert made["ssgan.classifier"].load().spec["classes"] == list(NAMES)


def test_cross_validation_scores_seven_classes(training, labeled_only, cross_validation):
    scores, predictions = cross_validate(
        training,
        labeled_only,
        0,
        cross_validation,
        MemoryCheckpoints(),
        method="labeled_only",
        learner_of=build_classifier_learner,
    )
    assert scores[["accuracy", "auc"]].stack().between(0, 1).all()
    assert predictions.filter(like="probability_").sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("label", "found"), [(pd.NA, r"0 mel.* and 10 without a label"), (5, r"0 mel, 20 nv.* and 0 without a label")]
)
def test_a_test_split_that_cannot_be_scored_is_refused_with_the_way_out(training, images_to_test_on, label, found):
    manifest = images_to_test_on.manifest
    changed = manifest.assign(label=manifest["label"].mask(manifest["label"] == 4, label))
    with pytest.raises(CorpusError, match=rf"{found}.*splits\.test=hold_out"):
        predict_majority(training, images_to_test_on._replace(manifest=changed))


def test_a_training_class_without_labels_is_named(training, supervised):
    manifest = training.manifest[training.manifest["label"] != 2]
    with pytest.raises(CorpusError, match="bkl"):
        build_classifier_learner(training._replace(manifest=manifest), supervised, 0)
