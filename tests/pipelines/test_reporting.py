import io
import re

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline
from kedro.runner import SequentialRunner
from kedro.validation.type_extractor import TypeExtractor
from pydantic import ValidationError

from nevus.contracts import (
    CLASSES,
    LEDGER_COLUMNS,
    METRIC_COLUMNS,
    SUBGROUP_COLUMNS,
    Classifier,
    Corpus,
    CorpusError,
    NevusError,
)
from nevus.io.animation import AnimationDataset
from nevus.io.figure import FigureDataset
from nevus.io.ledger import LedgerDataset
from nevus.metrics.scores import METRICS
from nevus.metrics.titles import TITLES
from nevus.pipelines.reporting import clinical, figures, nodes, ranking, tables, wording
from nevus.pipelines.reporting.classes import decision
from nevus.pipelines.reporting.clinical import VALUE_COLUMNS
from nevus.pipelines.reporting.fairness import fairness_notice, unequal
from nevus.pipelines.reporting.params import EvaluationParams, SubgroupParams
from nevus.pipelines.reporting.pipeline import create_pipeline
from nevus.pipelines.reporting.ranking import CLASS_COLUMNS
from nevus.pipelines.reporting.runs import name_of
from nevus.pipelines.reporting.verdict import verdict

SUBGROUPS = SubgroupParams(age_bands=(50,), few=10, most=20)
OPTIONS = EvaluationParams(
    replicates=200, confidence=0.95, seed=0, calibration_bins=10, threshold=0.5, prevalences=(0.02, 0.5)
)
FIGURES = ("roc", "precision_recall", "confusion", "score_histogram", "reliability", "decision_curve")
FIGURES += ("gallery", "curves", "forest")
FLOORS = ("majority", "colour_svm")
SCORED = {"metrics", "comparison", "test_ledger@entry", "class_metrics", "predictive_values", "subgroups"}
PARTS = pd.DataFrame(columns=list(SUBGROUP_COLUMNS))
NOTHING = (pd.DataFrame(columns=list(CLASS_COLUMNS)), pd.DataFrame(columns=list(VALUE_COLUMNS)), PARTS, b"")
NOBODY = pd.DataFrame(columns=list(LEDGER_COLUMNS))  # has scored a test split
SUMMARY = pd.DataFrame({"split": ["test"], "images": [1200], "share": [0.25]})
SEEN = pd.DataFrame({"image_id": ["l", "u", "v", "image-0"], "split": ["labeled", "unlabeled", "validation", "test"]})


def classifier(method="ssgan", variant="", classes=CLASSES, **shared):
    """Trained on a corpus that is not the present one; `shared` are parameters of the method."""
    own = {"network": {"width": 48}, "loop": {"steps": 500}, **shared}
    parameters = {method: own, "ingestion": {"format": "melanoma_detection"}, "splits": {"label_budget": 17}}
    record = {"method": method, "variant": variant, "seed": 3, "parameters": parameters, "corpus": "abc"}
    return Classifier({}, {"classes": list(classes)}, np.empty((0, 8, 8, 3), np.uint8), record)


SSGAN, PLAIN = classifier(generator={"latent": 64}), classifier("supervised")


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
def scored():
    """The predictions of a run with a baseline, by the arguments of `evaluate`."""
    constant = predictions(0.0, 0).assign(probability=0.5)
    floors = {"majority": constant, "colour_svm": predictions(0.6, 3)}
    return {"predictions": predictions(2.5, 1), "baseline_predictions": predictions(0.8, 2), **floors}


@pytest.fixture(scope="module")
def evaluated(scored):
    return nodes.evaluate(OPTIONS, SSGAN, seen=SEEN, baseline_classifier=PLAIN, **scored)[:2]


def images_of(predicted):
    """A test split with an image for each prediction."""
    manifest = predicted[["image_id", "split", "label"]].assign(row=range(len(predicted)))
    manifest["sex"] = np.where(manifest["row"] < 120, "female", "male")
    generator = np.random.default_rng(0)
    return Corpus(manifest, generator.integers(0, 256, (len(predicted), 8, 8, 3), dtype=np.uint8), "fake")


@pytest.fixture
def catalog(scored, tmp_path):
    """All that a run called `new` can have, whatever of it is asked for."""
    pixels = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    manifest = pd.DataFrame({"split": ["labeled"] * 10 + ["unlabeled"] * 30, "row": range(40)})
    manifest["image_id"] = [f"train-{number}" for number in range(40)]
    history = pd.DataFrame({"step": range(20), "labeled_loss": 0.5, "d_real": 0.6, "d_fake": 0.4})
    progress = AnimationDataset(filepath=tmp_path / "progress.gif", milliseconds=100)
    progress.save(pixels[:3])
    shown = {name: FigureDataset(filepath=str(tmp_path / f"{name}.png")) for name in (*FIGURES, "real_and_generated")}
    made = {
        "classifier": SSGAN,
        "predictions": scored["predictions"],
        "baseline_classifier": PLAIN,
        "baseline_predictions": scored["baseline_predictions"],
        **{name: scored[name] for name in FLOORS},
        "corpus@training": Corpus(manifest, pixels, "fake"),
        "corpus@test": images_of(scored["predictions"]),
        "history": history,
        "samples": pixels[:16],
        "corpus@assignment": SEEN,
    }
    datasets = {f"new.{name}": MemoryDataset(data, copy_mode="assign") for name, data in made.items()}
    datasets |= {f"new.{name}": dataset for name, dataset in shown.items()}
    datasets |= {"new.progress": progress, "corpus_summary": MemoryDataset(SUMMARY)}
    ledger = LedgerDataset(filepath=str(tmp_path / "test_ledger.jsonl"))
    datasets |= {"new.test_ledger@entry": ledger, "new.test_ledger@all": ledger}
    parameters = {"params:evaluation": MemoryDataset(OPTIONS), "params:subgroups": MemoryDataset(SUBGROUPS)}
    return DataCatalog(datasets | parameters)


def reporting(*, baseline=True, generator=True):
    """The template as a method uses it."""
    template = create_pipeline(baseline=baseline, generator=generator)
    return Pipeline(
        template, namespace="new", parameters={"params:evaluation", "params:subgroups"}, inputs={"corpus_summary"}
    )


def page_of(catalog, **has):
    return SequentialRunner().run(reporting(**has), catalog)["new.report"].load()


def test_the_pipeline_turns_predictions_into_one_page_that_needs_no_other_file(catalog):
    page = page_of(catalog)
    assert page.startswith("<!DOCTYPE html>")
    assert page.count("data:image/png;base64,") == len(FIGURES) + 1
    assert page.count("data:image/gif;base64,") == 1
    assert re.findall(r'(?:src|href)="(?!data:)', page) == []
    assert "Research use only. Not a medical device." in page
    assert "Does SSGAN earn its place? Yes:" in page
    assert "<td>1,200</td><td>0.25</td>" in page
    assert "200 test images (100 melanoma, 100 lesions or patients), training seed 3" in page
    compared = "Compared with the baseline supervised, the majority class and a support-vector machine on colour"
    assert compared in page
    assert "A discriminator sure of everything" in page


def test_who_has_scored_the_test_images_stands_on_the_page(catalog):
    assert "This test split has been scored 2 times, by 2 runs." in page_of(catalog)
    assert list(catalog["new.test_ledger@all"].load()["run"]) == ["ssgan/seed3", "ssgan.baseline/seed3"]
    again = page_of(catalog)  # the same predictions, a second time
    assert "This test split has been scored 2 times, by 2 runs." in again
    assert '<th scope="row">ssgan.baseline/seed3</th><td>1</td>' in again


def test_parts_of_the_test_set_stand_on_the_page(catalog):
    page = page_of(catalog)
    assert '<th scope="row">Sex female</th><td>120</td><td>30 benign, 30 melanoma</td>' in page
    assert "Sex: the AUC is lowest for" in page


def test_a_page_says_that_nothing_parts_the_test_images(catalog):
    test = catalog["new.corpus@test"].load()
    plain = test._replace(manifest=test.manifest.assign(sex=None))
    catalog["new.corpus@test"] = MemoryDataset(plain, copy_mode="assign")
    assert "Nothing is known of age, sex, site or source" in page_of(catalog)


def test_parameters_on_the_page_are_those_of_the_training_and_of_the_present_scoring(catalog):
    page = page_of(catalog)
    for name, value in (
        ("ssgan.generator.latent", "64"),
        ("ssgan.loop.steps", "500"),
        ("splits.label_budget", "17"),
        ("ingestion.format", "melanoma_detection"),
        ("evaluation.replicates", "200"),
        ("corpus", "abc"),
    ):
        assert f"<code>{name}</code>: {value}" in page


@pytest.mark.parametrize("baseline", [True, False])
@pytest.mark.parametrize("generator", [True, False])
def test_the_page_shows_what_the_run_has_and_speaks_of_nothing_else(catalog, baseline, generator):
    page = page_of(catalog, baseline=baseline, generator=generator)
    assert page.count("data:image/png;base64,") == len(FIGURES) + generator
    assert page.count("data:image/gif;base64,") == generator
    assert ("iscriminator" in page) == generator
    text = re.sub(r"<li>.*</li>|data:image[^\"]*", "", page)
    assert ("supervised" in text) == ("baseline" in text) == baseline
    assert "Does SSGAN earn its place? Yes:" in page


def of_three(table):
    """The same predictions of three classes: a third of the second class becomes a third class, found as often."""
    third = (np.arange(len(table)) // 2 % 6) == 5
    one = table["probability"]
    columns = {"probability_0": 1 - one, "probability_1": one * np.where(third, 0.1, 0.9)}
    columns["probability_2"] = 1 - columns["probability_0"] - columns["probability_1"]
    return table.drop(columns="probability").assign(label=table["label"].mask(third, 2), **columns)


def test_of_three_classes_each_has_its_curve_and_its_name(catalog, scored):
    names = {"predictions", "baseline_predictions", *FLOORS}
    for name in names:
        catalog[f"new.{name}"] = MemoryDataset(of_three(scored[name.replace(".", "_")]))
    trained = classifier(classes=("nv", "mel", "bcc"))
    catalog["new.classifier"] = MemoryDataset(trained, copy_mode="assign")
    text = re.sub(r'data:image[^"]*', "", page_of(catalog))
    assert "SSGAN: which of 3 classes?" in text
    assert "nv: 100, mel: 68, bcc: 32" in text
    assert not re.search(r"melanoma|benign|[{}]one", text.split("<h2>Parameters")[0])
    metrics = nodes.evaluate(OPTIONS, trained, seen=SEEN, **{n: of_three(table) for n, table in scored.items()})[0]
    of_classes = ranking.evaluate_classes(OPTIONS, trained, of_three(scored["predictions"]))
    tables_of = {n: of_three(table) for n, table in scored.items()}
    figure = ranking.draw_roc(OPTIONS, trained, metrics, of_classes, **tables_of)
    drawn = [line.get_label().split(":")[0] for line in figure.axes[0].lines]
    assert drawn == ["chance", "nv", "mel", "bcc"]
    assert "Each class against the rest</h2>" in text
    assert "Elsewhere than in this test set" not in text
    values = of_classes.pivot(index="metric", columns="class", values="value")
    macro = metrics[metrics["method"] == "ssgan"].set_index("metric")["value"]
    for name in ("auc", "average_precision", "partial_auc", "specificity_at_95_sensitivity", "f1"):
        assert values.loc[name].mean() == pytest.approx(macro[name])
    assert values.loc["sensitivity"].mean() == pytest.approx(macro["balanced_accuracy"])
    assert ((of_classes["low"] <= of_classes["value"]) & (of_classes["value"] <= of_classes["high"])).all()
    area = metrics.set_index(["method", "metric"]).loc[("ssgan", "auc"), "value"]
    assert f"macro AUC {area:.2f}" in figure.axes[0].get_title(loc="left")


@pytest.mark.parametrize("baseline", [True, False])
@pytest.mark.parametrize("generator", [True, False])
def test_the_template_asks_for_what_the_run_has(baseline, generator):
    pipeline = reporting(baseline=baseline, generator=generator)
    wanted = {"classifier", "predictions", "history", "majority", "colour_svm", "corpus@assignment", "corpus@test"}
    wanted |= {"baseline_classifier", "baseline_predictions"} if baseline else set()
    wanted |= {"corpus@training", "samples", "progress"} if generator else set()
    assert pipeline.inputs() == {f"new.{name}" for name in wanted} | {
        "corpus_summary",
        "params:evaluation",
        "params:subgroups",
    }
    drawn = {*FIGURES, "real_and_generated"} if generator else set(FIGURES)
    assert pipeline.outputs() == {"new.report", "new.model_card"}
    assert pipeline.all_outputs() == {
        f"new.{name}" for name in drawn | SCORED | {"cases", "heat_maps", "model_card", "report"}
    }


def test_nodes_have_names_in_words_docstrings_and_the_tag():
    pipeline = reporting()
    names = "evaluate evaluate_classes estimate_predictive_values draw_roc draw_precision_recall draw_confusion "
    names += "draw_scores draw_reliability draw_decision_curve draw_curves draw_samples report "
    names += "choose_cases explain_cases draw_cases score_subgroups draw_forest write_model_card"
    assert {node.name for node in pipeline.nodes} == {f"new.{name}" for name in names.split()}
    assert all("reporting" in node.tags and node.func.__doc__ for node in pipeline.nodes)


def test_kedro_finds_the_typed_parameters_of_the_nodes():
    found = TypeExtractor({"reporting": reporting()}).extract_types_from_pipelines()
    assert found == {"evaluation": EvaluationParams, "subgroups": SubgroupParams}


def test_a_run_is_not_compared_with_itself(scored):
    with pytest.raises(NevusError, match="two of ssgan, ssgan, majority, colour_svm have one name"):
        nodes.evaluate(OPTIONS, SSGAN, seen=SEEN, baseline_classifier=SSGAN, **scored)


def test_a_classifier_that_does_not_say_what_trained_it_is_refused(scored):
    with pytest.raises(NevusError, match="its record holds nothing and no method"):
        nodes.draw_confusion(OPTIONS, PLAIN._replace(record={}), scored["predictions"])


def test_each_method_is_scored_at_the_threshold_that_it_chose_itself(scored):
    chosen = PLAIN._replace(spec=PLAIN.spec | {"threshold": 0.2})
    metrics, *_ = nodes.evaluate(OPTIONS, SSGAN, seen=SEEN, baseline_classifier=chosen, **scored)
    found = metrics[metrics["metric"] == "sensitivity"].set_index("method")["value"]
    for name, threshold, table in (
        ("ssgan", 0.5, scored["predictions"]),
        ("supervised", 0.2, scored["baseline_predictions"]),
        ("colour_svm", 0.5, scored["colour_svm"]),
    ):
        assert found[name] == (table.loc[table["label"] == 1, "probability"] > threshold).mean()
    figure = nodes.draw_confusion(OPTIONS, chosen, scored["baseline_predictions"])
    assert "threshold 0.2" in figure.axes[0].get_title(loc="left")
    assert "0.2, which the run chose on its training images" in decision(CLASSES, 0.2, chosen=True)


def test_a_variant_is_part_of_the_name_of_a_run_and_of_no_baseline(scored):
    wide, plain = classifier(variant="wide"), classifier("supervised", "wide")
    metrics, *_ = nodes.evaluate(OPTIONS, wide, seen=SEEN, baseline_classifier=plain, **scored)
    assert list(metrics["method"].unique()) == ["ssgan-wide", "supervised", *FLOORS]
    assert wording.display(name_of(wide.record)) == "SSGAN-wide"


def test_without_a_baseline_a_run_is_compared_with_the_floors(scored):
    metrics, comparison, _ = nodes.evaluate(OPTIONS, PLAIN, scored["predictions"], SEEN, *(scored[f] for f in FLOORS))
    roles = metrics.drop_duplicates("method").set_index("method")["role"].to_dict()
    assert roles == {"supervised": "method", "majority": "floor", "colour_svm": "floor"}
    assert list(comparison["other"].unique()) == list(FLOORS)
    answer = verdict(metrics, comparison, OPTIONS)
    assert answer.short == "Yes"
    assert "ahead of the best floor (colour SVM), beyond" in answer.reason
    assert len(answer.numbers) == 2


def test_what_a_run_is_put_together_of_is_scored_beside_it_and_answers_nothing(scored):
    floors = [scored[floor] for floor in FLOORS]
    parts = {"image_probability": scored["predictions"]["probability"], "metadata_probability": 0.5}
    plain, *_ = nodes.evaluate(OPTIONS, PLAIN, scored["predictions"], SEEN, *floors)
    metrics, comparison, _ = nodes.evaluate(OPTIONS, PLAIN, scored["predictions"].assign(**parts), SEEN, *floors)

    roles = metrics.drop_duplicates("method").set_index("method")["role"].to_dict()
    ablations = {"image_alone": "ablation", "metadata_alone": "ablation"}
    assert roles == {"supervised": "method", **ablations, "majority": "floor", "colour_svm": "floor"}
    values = metrics.pivot(index="metric", columns="method", values="value")
    assert (values["image_alone"] == values["supervised"]).all()
    assert values.loc["auc", "metadata_alone"] == 0.5
    pd.testing.assert_frame_equal(plain, metrics[metrics["role"] != "ablation"].reset_index(drop=True))
    assert set(comparison["other"]) == {*ablations, *FLOORS}
    answer = verdict(metrics, comparison, OPTIONS)
    assert "alone" not in " ".join([answer.reason, *answer.numbers])


def test_few_lesions_of_a_class_are_warned_of_before_the_table_is_printed(scored, caplog):
    few = {name: table.groupby("label").head(3) for name, table in scored.items()}
    nodes.evaluate(OPTIONS, PLAIN, few["predictions"], SEEN, *(few[f] for f in FLOORS))
    assert "The test set has only 2 of melanoma" in caplog.text
    caplog.clear()
    nodes.evaluate(OPTIONS, PLAIN, scored["predictions"], SEEN, *(scored[f] for f in FLOORS))
    assert not caplog.records


def test_every_method_gets_every_metric_with_its_role_and_interval(evaluated):
    metrics, _ = evaluated
    assert tuple(metrics.columns) == METRIC_COLUMNS
    assert len(metrics) == 4 * len(METRICS)
    roles = metrics.drop_duplicates("method").set_index("method")["role"].to_dict()
    assert roles == {"ssgan": "method", "supervised": "baseline", "majority": "floor", "colour_svm": "floor"}
    ranking = metrics[~metrics["metric"].str.endswith("calibration_error")]
    assert (ranking["low"] <= ranking["value"] + 1e-12).all()
    assert (ranking["value"] <= ranking["high"] + 1e-12).all()


def test_the_run_is_compared_with_each_of_the_others_on_each_metric(evaluated):
    metrics, comparison = evaluated
    assert len(comparison) == 3 * len(METRICS)
    values = metrics.pivot(index="metric", columns="method", values="value")
    row = comparison.set_index(["metric", "other"]).loc[("auc", "supervised")]
    assert row["difference"] == pytest.approx(values.loc["auc", "ssgan"] - values.loc["auc", "supervised"])
    assert row["low"] < row["difference"] < row["high"]
    assert 0 < row["p_value"] <= 1


def test_a_second_evaluation_gives_the_same_numbers(scored, evaluated):
    again = nodes.evaluate(OPTIONS, SSGAN, seen=SEEN, baseline_classifier=PLAIN, **scored)[:2]
    for first, second in zip(evaluated, again, strict=True):
        pd.testing.assert_frame_equal(first, second)


def test_predictions_of_other_images_are_refused(scored):
    other = scored["baseline_predictions"].assign(image_id=[f"other-{number}" for number in range(200)])
    with pytest.raises(CorpusError, match="same test images"):
        nodes.evaluate(OPTIONS, SSGAN, seen=SEEN, baseline_classifier=PLAIN, **scored | {"baseline_predictions": other})


def test_real_images_beside_the_generated_ones_are_never_test_images(monkeypatch):
    shown = {}
    monkeypatch.setattr("nevus.plots.samples.samples", lambda real, generated, name: shown.update(real=real))
    pixels = np.zeros((100, 4, 4, 3), np.uint8)
    pixels[:] = np.arange(100)[:, None, None, None]
    manifest = pd.DataFrame({"split": ["test"] * 20 + ["unlabeled"] * 80, "row": range(100)})
    nodes.draw_samples(SSGAN, Corpus(manifest, pixels, "fake"), pixels[:64])
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
    return verdict(metrics, comparison, OPTIONS)


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
    rows = [row for _, block in tables.difference_table(lower) for row in block]
    standing = {row["name"]: row["cells"][0]["standing"] for row in rows}
    better = {"Brier score", "Log loss", "Calibration error", "Adaptive calibration error"}
    assert {name for name, found in standing.items() if found == "ahead"} == better
    assert {found for name, found in standing.items() if name not in better} == {"behind"}


def test_text_from_the_data_cannot_become_markup(catalog):
    catalog["corpus_summary"] = MemoryDataset(pd.DataFrame({"split": ["<script>alert(1)</script>"]}))
    page = page_of(catalog)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_every_metric_and_figure_of_the_pipeline_has_words():
    assert set(TITLES) == set(METRICS)
    assert set(figures.FIGURES) == {*FIGURES, "real_and_generated", "progress"} - {"forest"}  # in its own section


def test_a_metric_that_nobody_foresaw_has_a_title_and_a_place_but_no_winner(evaluated, catalog):
    metrics, comparison = evaluated
    new = metrics[(metrics["metric"] == "auc") & (metrics["role"] != "floor")].assign(metric="bare_auc", low=np.nan)
    metrics = pd.concat([new, metrics])
    found = tables.score_table(metrics, CLASSES)
    assert [name for name, _ in found.methods] == ["SSGAN", "supervised", "majority class", "colour SVM"]
    assert [heading for heading, _ in found.blocks] == ["Ranking", "Decisions", "Probabilities", "Others"]
    (row,) = found.blocks[-1][1]
    assert (row["name"], row["meaning"]) == ("Bare auc", "")
    assert row["cells"][0] == (f"{new['value'].iloc[0]:.2f}", "", "method")
    assert row["cells"][2] == ("", "", "floor")
    gained = comparison[(comparison["metric"] == "auc") & (comparison["other"] == "colour_svm")]
    comparison = pd.concat([gained.assign(metric="bare_auc"), comparison])
    row = tables.difference_table(comparison)[-1][1][0]
    assert [cell["other"] for cell in row["cells"]] == ["colour SVM", "supervised", "majority class"]
    assert row["name"] == "Bare auc"
    assert row["cells"][0]["standing"] == wording.UNDECIDED
    assert row["cells"][1:] == [{"other": "supervised"}, {"other": "majority class"}]
    predicted, summary = catalog["new.predictions"].load(), catalog["corpus_summary"].load()
    page = nodes.write_report(OPTIONS, SSGAN, metrics, comparison, predicted, SEEN, summary, NOBODY, *NOTHING)
    assert page.count("Bare auc") == 2  # a row in each table, and no explanation


def test_beside_the_accuracy_stands_who_alone_was_right(scored, evaluated):
    _, comparison = evaluated
    tested = comparison[comparison["mcnemar_p_value"].notna()].set_index("other")
    assert set(tested["metric"]) == {"accuracy"}
    assert list(tested.index) == ["supervised", *FLOORS]
    mine, theirs = (scored[name] for name in ("predictions", "baseline_predictions"))
    right, other = ((table["probability"] > 0.5) == table["label"].eq(1) for table in (mine, theirs))
    row = tested.loc["supervised"]
    assert (row["only_one"], row["only_other"]) == ((right & ~other).sum(), (other & ~right).sum())
    assert row["difference"] == pytest.approx((row["only_one"] - row["only_other"]) / 200)
    rows = {row["name"]: row["cells"][0] for _, block in tables.difference_table(comparison) for row in block}
    said = f"{row['only_one']} against {row['only_other']} images, McNemar's p "
    assert rows["Accuracy"]["mcnemar"].startswith(said)
    assert rows["AUC"]["mcnemar"] == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (float("nan"), ""), (3.0, "3"), (0.12345, "0.123"), (12345, "12,345"), (True, "True")],
)
def test_cells_of_the_data_table_are_readable(value, text):
    assert wording.cell(value) == text


def test_predictive_values_follow_from_sensitivity_and_specificity_at_each_prevalence(scored, evaluated):
    metrics, _ = evaluated
    own = metrics[metrics["method"] == "ssgan"].set_index("metric")["value"]
    found = clinical.estimate_predictive_values(OPTIONS, SSGAN, scored["predictions"])
    assert tuple(found.columns) == VALUE_COLUMNS
    assert found["prevalence"].tolist() == [0.02, 0.5]
    rare = found.iloc[0]
    assert rare["found"] == pytest.approx(20 * own["sensitivity"])
    assert rare["missed"] == pytest.approx(20 - rare["found"])
    assert rare["false_alarms"] == pytest.approx(980 * (1 - own["specificity"]))
    assert rare["ppv"] == pytest.approx(rare["found"] / (rare["found"] + rare["false_alarms"]))
    assert rare["npv"] == pytest.approx((980 - rare["false_alarms"]) / (980 - rare["false_alarms"] + rare["missed"]))
    for name in ("ppv", "npv"):
        assert ((found[f"{name}_low"] < found[name]) & (found[name] < found[f"{name}_high"])).all()
    (cells, _) = tables.predictive_table(found)
    assert cells["prevalence"] == "2%"
    assert cells["ppv"] == f"{rare['ppv']:.3f}"


def test_where_nobody_is_called_there_is_no_predictive_value(scored):
    found = clinical.estimate_predictive_values(OPTIONS, SSGAN, scored["predictions"].assign(probability=0.1))
    assert found["ppv"].isna().all()
    cells = tables.predictive_table(found)[0]
    assert (cells["ppv"], cells["ppv_range"], cells["found"], cells["missed"]) == ("", "", "0", "20")


def test_a_decision_curve_is_drawn_for_each_prevalence_from_corrected_probabilities(scored):
    axes = clinical.draw_decision_curve(OPTIONS, SSGAN, scored["predictions"]).axes
    assert [one.get_title(loc="left") for one in axes] == ["2% melanoma", "50% melanoma"]
    lines = {line.get_label(): line.get_ydata() for line in axes[0].lines}
    assert list(lines) == ["call nobody", "call everybody", "SSGAN"]
    assert lines["SSGAN"][0] == pytest.approx(20)  # from a probability of 0 on everybody is called
    assert (lines["SSGAN"] <= 20 + 1e-9).all()
    trained = SSGAN._replace(spec=SSGAN.spec | {"prior": [0.9, 0.1]})  # so the test set's 50 % means more
    shifted = clinical.draw_decision_curve(OPTIONS, trained, scored["predictions"]).axes[0].lines[2].get_ydata()
    assert not np.allclose(shifted, lines["SSGAN"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"prevalences": []},
        {"prevalences": [0.0]},
        {"replicates": 10},
        {"confidence": 95.0},
        {"threshold": -0.1},
        {"calibration_bins": 1},
        {"bins": 10},
    ],
)
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(ValidationError):
        EvaluationParams(**{**OPTIONS.model_dump(), **wrong})


def test_figures_are_drawn_from_predictions_alone(scored, evaluated):
    metrics, _ = evaluated
    drawn = [
        ranking.draw_roc(OPTIONS, SSGAN, metrics, NOTHING[0], baseline_classifier=PLAIN, **scored),
        nodes.draw_confusion(OPTIONS, SSGAN, scored["predictions"]),
        ranking.draw_precision_recall(OPTIONS, SSGAN, metrics, NOTHING[0], baseline_classifier=PLAIN, **scored),
        nodes.draw_scores(OPTIONS, SSGAN, scored["predictions"]),
        clinical.draw_decision_curve(OPTIONS, SSGAN, scored["predictions"]),
        nodes.draw_reliability(OPTIONS, SSGAN, scored["predictions"]),
    ]
    for figure in drawn:
        buffer = io.BytesIO()
        figure.savefig(buffer, dpi=30)
        assert buffer.getbuffer().nbytes > 1000
    counts = [int(text.get_text().split("\n")[0]) for text in drawn[1].axes[0].texts]
    assert sum(counts) == 200


def test_classes_of_few_lesions_are_named_however_many_images_they_have():
    rows = pd.DataFrame({"label": [0] * 20 + [1] * 20, "image_id": [f"i{n}" for n in range(40)]})
    rows["group_id"] = [None] * 20 + [f"lesion {n // 10}" for n in range(20)]
    (only,) = wording.few_groups(rows, ("benign", "melanoma"))
    assert only.startswith("The test set has only 2 of melanoma (lesions or patients)")
    assert wording.few_groups(rows.assign(group_id=None), ("benign", "melanoma")) == []


@pytest.mark.parametrize("split", ["labeled", "unlabeled", "validation"])
def test_a_run_scored_on_what_trains_or_chooses_is_neither_scored_nor_reported(scored, evaluated, catalog, split):
    seen = pd.concat([SEEN, pd.DataFrame({"image_id": ["image-7", "image-8"], "split": [split, None]})])
    message = rf"Of the 200 images that ssgan was scored on, 1 train or choose .* \(1 {split}\), which were changed"
    with pytest.raises(CorpusError, match=message):
        nodes.evaluate(OPTIONS, SSGAN, seen=seen, baseline_classifier=PLAIN, **scored)
    with pytest.raises(CorpusError, match=message):
        summary = catalog["corpus_summary"].load()
        nodes.write_report(OPTIONS, SSGAN, *evaluated, scored["predictions"], seen, summary, NOBODY, *NOTHING)


def test_a_baseline_that_was_trained_otherwise_is_named_on_the_page_with_both_values(catalog):
    other = classifier("supervised", loop={"steps": 300, "ema": 0.9}, augment={"flip": True})
    other.record["parameters"]["splits"] = {"label_budget": 20}
    assert unequal(SSGAN.record, other.record) == [
        ("loop.steps", "500", "300"),
        ("splits.label_budget", "17", "20"),
        ("augment.flip", "nothing", "True"),
        ("loop.ema", "nothing", "0.9"),
    ]
    catalog["new.baseline_classifier"] = MemoryDataset(other, copy_mode="assign")
    page = page_of(catalog)
    assert "The baseline was not trained as SSGAN was" in page
    assert "loop.steps (500 for SSGAN, 300 for supervised)" in page


def test_what_only_the_method_adds_is_no_unfairness():
    assert fairness_notice(SSGAN.record, PLAIN.record) == []
    (notice,) = fairness_notice(SSGAN.record, {**PLAIN.record, "seed": 4})
    assert "seed (3 for SSGAN, 4 for supervised)" in notice
