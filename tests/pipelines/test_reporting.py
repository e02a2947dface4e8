import io
import re

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from kedro.validation.type_extractor import TypeExtractor
from pydantic import ValidationError

from nevus.contracts import METRIC_COLUMNS, Corpus, CorpusError, NevusError
from nevus.io.animation import AnimationDataset
from nevus.io.figure import FigureDataset
from nevus.metrics.classification import METRICS
from nevus.pipelines.reporting import nodes, wording
from nevus.pipelines.reporting.params import EvaluationParams
from nevus.pipelines.reporting.pipeline import create_pipeline
from nevus.pipelines.reporting.verdict import verdict

OPTIONS = EvaluationParams(replicates=200, confidence=0.95, seed=0, calibration_bins=10, threshold=0.5)
FIGURES = ("roc", "confusion", "reliability", "curves", "real_and_generated")
FLOORS = ("majority", "colour_svm")
TRAINING = Corpus(pd.DataFrame(), np.empty((0, 8, 8, 3), np.uint8), "fake")  # for the names of the classes


def predictions(lift, seed, count=200):
    """Test predictions whose classes lie `lift` standard deviations apart; two images a lesion."""
    generator = np.random.default_rng(seed)
    labels = np.arange(count) // 2 % 2
    return pd.DataFrame(
        {
            "image_id": [f"image-{number}" for number in range(count)],
            "split": "test",
            "group_id": pd.Series([f"lesion-{number // 2}" for number in range(count)], dtype="string"),
            "label": pd.array(labels, dtype="Int64"),
            "probability": 1 / (1 + np.exp(-generator.normal(lift * (labels - 0.5), 1.0))),
            "seed": 0,
        }
    )


@pytest.fixture(scope="module")
def tables():
    constant = predictions(0.0, 0).assign(probability=0.5)
    return {"ssgan": predictions(2.5, 1), "supervised": predictions(0.8, 2), "majority": constant} | {
        "colour_svm": predictions(0.6, 3)
    }


@pytest.fixture(scope="module")
def evaluated(tables):
    return nodes.evaluate(OPTIONS, *tables.values(), run="ssgan", against="supervised")


@pytest.fixture
def catalog(tables, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    manifest = pd.DataFrame({"split": ["labeled"] * 10 + ["unlabeled"] * 30, "row": range(40)})
    manifest["image_id"] = [f"train-{number}" for number in range(40)]
    history = pd.DataFrame({"step": range(20), "labeled_loss": 0.5, "d_real": 0.6, "d_fake": 0.4})
    progress = AnimationDataset(filepath=tmp_path / "progress.gif", milliseconds=100)
    progress.save(pixels[:3])
    datasets = {f"{name}.predictions": MemoryDataset(table) for name, table in tables.items()}
    datasets |= {f"ssgan.{name}": FigureDataset(filepath=str(tmp_path / f"{name}.png")) for name in FIGURES}
    datasets |= {
        "corpus@training": MemoryDataset(Corpus(manifest, pixels, "fake")),
        "ssgan.history": MemoryDataset(history),
        "ssgan.samples": MemoryDataset(pixels[:16]),
        "ssgan.progress": progress,
        "corpus_summary": MemoryDataset(pd.DataFrame({"split": ["test"], "images": [1200], "share": [0.25]})),
        "params:evaluation": MemoryDataset(OPTIONS),
        "params:ingestion": MemoryDataset({"format": "melanoma_detection", "size": 32}),
        "params:splits": MemoryDataset({"label_budget": 17}),
        "params:classifier": MemoryDataset({"loop": {"steps": 500}}),
        "params:ssgan": MemoryDataset({"generator": {"latent": 64}}),
    }
    return DataCatalog(datasets)


def test_the_pipeline_turns_predictions_into_one_page_that_needs_no_other_file(catalog):
    outputs = SequentialRunner().run(create_pipeline(), catalog)
    page = outputs["ssgan.report"].load()
    assert page.startswith("<!DOCTYPE html>")
    assert page.count("data:image/png;base64,") == 5
    assert page.count("data:image/gif;base64,") == 1
    assert re.findall(r'(?:src|href)="(?!data:)', page) == []
    assert "Research use only. Not a medical device." in page
    assert "Does SSGAN earn its place? Yes:" in page
    assert "<td>1,200</td><td>0.25</td>" in page
    for name, value in (
        ("ssgan.generator.latent", "64"),
        ("classifier.loop.steps", "500"),
        ("splits.label_budget", "17"),
    ):
        assert f"<code>{name}</code>: {value}" in page
    assert "200 test images (100 melanoma, 100 lesions or patients), training seed 0" in page


def test_nodes_have_names_in_words_docstrings_and_the_tag():
    pipeline = create_pipeline("fixmatch", "plain")
    assert {node.name for node in pipeline.nodes} == {
        "evaluate_fixmatch",
        "draw_roc_of_fixmatch",
        "draw_confusion_of_fixmatch",
        "draw_reliability_of_fixmatch",
        "draw_curves_of_fixmatch",
        "draw_samples_of_fixmatch",
        "report_fixmatch",
    }
    assert all("reporting" in node.tags and node.func.__doc__ for node in pipeline.nodes)
    assert {"plain.predictions", "params:fixmatch", "fixmatch.progress"} <= pipeline.inputs()
    assert {"fixmatch.metrics", "fixmatch.comparison", "fixmatch.report"} <= pipeline.all_outputs()


def test_kedro_finds_the_typed_parameters_of_the_bound_nodes():
    found = TypeExtractor({"reporting": create_pipeline()}).extract_types_from_pipelines()
    assert found == {"evaluation": EvaluationParams}


def test_a_run_is_not_compared_with_itself():
    with pytest.raises(NevusError, match="both 'ssgan'"):
        create_pipeline("ssgan", "ssgan")


def test_every_method_gets_every_metric_with_its_role_and_interval(evaluated):
    metrics, _ = evaluated
    assert tuple(metrics.columns) == METRIC_COLUMNS
    assert len(metrics) == 4 * len(METRICS)
    roles = metrics.drop_duplicates("method").set_index("method")["role"].to_dict()
    assert roles == {"ssgan": "method", "supervised": "baseline", "majority": "floor", "colour_svm": "floor"}
    ranking = metrics[metrics["metric"] != "calibration_error"]
    assert (ranking["low"] <= ranking["value"]).all()
    assert (ranking["value"] <= ranking["high"]).all()


def test_the_run_is_compared_with_each_of_the_others_on_each_metric(evaluated):
    metrics, comparison = evaluated
    assert len(comparison) == 3 * len(METRICS)
    values = metrics.pivot(index="metric", columns="method", values="value")
    row = comparison.set_index(["metric", "other"]).loc[("auc", "supervised")]
    assert row["difference"] == pytest.approx(values.loc["auc", "ssgan"] - values.loc["auc", "supervised"])
    assert row["low"] < row["difference"] < row["high"]
    assert 0 < row["p_value"] <= 1


def test_a_second_evaluation_gives_the_same_numbers(tables, evaluated):
    again = nodes.evaluate(OPTIONS, *tables.values(), run="ssgan", against="supervised")
    for first, second in zip(evaluated, again, strict=True):
        pd.testing.assert_frame_equal(first, second)


def test_predictions_of_other_images_are_refused(tables):
    other = tables["supervised"].assign(image_id=[f"other-{number}" for number in range(200)])
    with pytest.raises(CorpusError, match="same test images"):
        nodes.evaluate(OPTIONS, tables["ssgan"], other, tables["majority"], tables["colour_svm"], run="a", against="b")


def test_real_images_beside_the_generated_ones_are_never_test_images(monkeypatch):
    shown = {}
    monkeypatch.setattr("nevus.plots.samples.samples", lambda real, generated, name: shown.update(real=real))
    pixels = np.zeros((100, 4, 4, 3), np.uint8)
    pixels[:] = np.arange(100)[:, None, None, None]
    manifest = pd.DataFrame({"split": ["test"] * 20 + ["unlabeled"] * 80, "row": range(100)})
    nodes.draw_samples(Corpus(manifest, pixels, "fake"), pixels[:64], run="gan")
    assert shown["real"].shape == (64, 4, 4, 3)
    assert shown["real"].min() == 20
    assert len(np.unique(shown["real"])) == 64


def verdict_of(baseline, floor):
    """The verdict where the differences to baseline and best floor have these intervals."""
    auc = {"gan": 0.8, "plain": 0.7, "majority": 0.5, "colour_svm": 0.75}
    roles = ("method", "baseline", "floor", "floor")
    metrics = pd.DataFrame(
        [
            (name, role, "auc", value, value - 0.05, value + 0.05)
            for (name, value), role in zip(auc.items(), roles, strict=True)
        ],
        columns=list(METRIC_COLUMNS),
    )
    rows = {"plain": baseline, "majority": (0.2, 0.4), "colour_svm": floor}
    comparison = pd.DataFrame(
        [("auc", other, (low + high) / 2, low, high, 0.04) for other, (low, high) in rows.items()],
        columns=["metric", "other", "difference", "low", "high", "p_value"],
    )
    return verdict(metrics, comparison, "gan", OPTIONS)


def test_the_verdict_is_yes_only_when_ahead_of_baseline_and_best_floor():
    answer = verdict_of((0.05, 0.15), (0.01, 0.09))
    assert answer.short == "Yes"
    assert "the baseline (plain) and the best floor (colour SVM)" in answer.reason
    assert "AUC of 0.80 (95% interval 0.75 to 0.85)" in answer.numbers[0]
    assert "+0.100 (+0.050 to +0.150), p = 0.040: gan is ahead" in answer.numbers[1]


def test_the_verdict_is_not_shown_when_an_interval_includes_zero():
    answer = verdict_of((-0.02, 0.12), (0.01, 0.09))
    assert answer.short == "Not shown"
    assert "to the baseline (plain) includes 0" in answer.reason
    assert "does not make them equal" in answer.reason
    assert "\N{MINUS SIGN}0.020" in answer.numbers[1]


def test_the_verdict_is_no_when_behind_the_floor_even_if_ahead_of_the_baseline():
    answer = verdict_of((0.05, 0.15), (-0.09, -0.01))
    assert answer.short == "No"
    assert answer.reason == "it ranks the test images worse than the best floor (colour SVM)."


def test_lower_is_better_for_errors(evaluated):
    _, comparison = evaluated
    lower = comparison.assign(difference=-0.1, low=-0.2, high=-0.05)
    standing = {row["name"]: row["cells"][0]["standing"] for row in wording.difference_table(lower)}
    assert standing["Brier score"] == standing["Calibration error"] == "ahead"
    assert standing["AUC"] == "behind"


def test_text_from_the_data_cannot_become_markup(catalog):
    catalog["corpus_summary"] = MemoryDataset(pd.DataFrame({"split": ["<script>alert(1)</script>"]}))
    page = SequentialRunner().run(create_pipeline(), catalog)["ssgan.report"].load()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_every_metric_and_figure_of_the_pipeline_has_words():
    assert set(wording.METRICS) == set(METRICS)
    assert set(wording.FIGURES) == {*FIGURES, "progress"}


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (float("nan"), ""), (3.0, "3"), (0.12345, "0.123"), (12345, "12,345"), (True, "True")],
)
def test_cells_of_the_data_table_are_readable(value, text):
    assert wording.cell(value) == text


@pytest.mark.parametrize(
    "wrong", [{"replicates": 10}, {"confidence": 95.0}, {"threshold": -0.1}, {"calibration_bins": 1}, {"bins": 10}]
)
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(ValidationError):
        EvaluationParams(**{**OPTIONS.model_dump(), **wrong})


def test_figures_are_drawn_from_predictions_alone(tables, evaluated):
    metrics, _ = evaluated
    figures = [
        nodes.draw_roc(OPTIONS, TRAINING, metrics, *tables.values(), run="ssgan", against="supervised"),
        nodes.draw_confusion(OPTIONS, TRAINING, tables["ssgan"], run="ssgan"),
        nodes.draw_reliability(OPTIONS, TRAINING, tables["ssgan"], run="ssgan"),
    ]
    for figure in figures:
        buffer = io.BytesIO()
        figure.savefig(buffer, dpi=30)
        assert buffer.getbuffer().nbytes > 1000
    counts = [int(text.get_text().split("\n")[0]) for text in figures[1].axes[0].texts]
    assert sum(counts) == 200


def test_classes_of_few_lesions_are_named_however_many_images_they_have():
    rows = pd.DataFrame({"label": [0] * 20 + [1] * 20, "image_id": [f"i{n}" for n in range(40)]})
    rows["group_id"] = [None] * 20 + [f"lesion {n // 10}" for n in range(20)]
    (only,) = wording.few_groups(rows, ("benign", "melanoma"))
    assert only.startswith("The test set has only 2 of melanoma (lesions or patients)")
    assert wording.few_groups(rows.assign(group_id=None), ("benign", "melanoma")) == []


def test_a_run_scored_on_what_now_trains_is_not_reported(catalog):
    corpus = catalog["corpus@training"].load()
    changed = corpus.manifest.assign(image_id=["image-7", *corpus.manifest["image_id"].iloc[1:]])
    catalog["corpus@training"].save(corpus._replace(manifest=changed))
    with pytest.raises(CorpusError, match="1 train or choose by the present splits, which were changed since"):
        SequentialRunner().run(create_pipeline(), catalog)
