"""A finished run calibrated by what its method said of training images that it had not seen."""

import json
from functools import partial

import numpy as np
import pandas as pd
import pytest

from nevus.contracts import Classifier, Corpus, CorpusError, NevusError
from nevus.metrics.predictions import probabilities_of
from nevus.metrics.recalibration import softened
from nevus.pipeline_registry import register_pipelines
from nevus.pipelines.calibration.nodes import calibrate, learnt, read_model
from nevus.pipelines.calibration.params import CalibrationParams
from nevus.pipelines.calibration.report import cover, draw_label_errors, draw_sets, rank_label_errors
from nevus.pipelines.classifier.nodes import build_classifier_learner, fit_classifier
from nevus.pipelines.cross_validation.nodes import cross_validate
from nevus.pipelines.inference.nodes import predict_test
from nevus.pipelines.reporting.params import EvaluationParams
from tests.pipelines.conftest import part
from tests.training.fakes import MemoryCheckpoints

RUN = "supervised/seed0"


@pytest.fixture(scope="module")
def model(training: Corpus, validation: Corpus, supervised) -> Classifier:
    return fit_classifier(training, validation, supervised, 0, None, MemoryCheckpoints(), method="supervised")[0]


@pytest.fixture(scope="module")
def held_out(training: Corpus, supervised, cross_validation) -> pd.DataFrame:
    """With a repeat, so that every image comes twice."""
    options = cross_validation.model_copy(update={"methods": ["supervised"], "repeats": 2})
    learner = {"method": "supervised", "learner_of": build_classifier_learner}
    return cross_validate(training, supervised, 0, options, MemoryCheckpoints(), **learner)[1]


@pytest.fixture(scope="module")
def params(parameters) -> CalibrationParams:
    return CalibrationParams.model_validate(parameters["calibration"])


def rule(params, **how):
    return params.model_copy(update={"threshold": params.threshold.model_copy(update=how)})


def readers(**tables):
    return {name: partial(lambda one: one, one) for name, one in tables.items()}


def calibrated(model, training, held_out, params, *, seed=0, **others):
    tables = held_out if isinstance(held_out, dict) else {RUN: held_out}
    read = read_model(readers(**{RUN: model, **others}), params, seed)
    return calibrate(read, readers(**tables), training, params, seed, None)


def test_a_calibrated_run_says_what_its_network_says_at_the_temperature(model, training, test_set, held_out, params):
    classifier, table = calibrated(model, training, held_out, params)

    temperature = classifier.spec["calibration"]["temperature"]
    before = probabilities_of(predict_test(model, test_set))
    wanted = softened(np.stack([1 - before, before], axis=1), temperature)[:, 1]
    np.testing.assert_allclose(probabilities_of(predict_test(classifier, test_set)), wanted, atol=1e-5)
    assert table.equals(held_out)
    assert 0 <= classifier.spec["threshold"] <= 1


def test_its_record_is_that_of_the_training_and_says_of_which_run_it_was_made(model, training, held_out, params):
    classifier, _ = calibrated(model, training, held_out, params)
    record = classifier.record
    assert (record["method"], record["corpus"], record["network"]) == (
        "calibrated",
        training.fingerprint,
        model.record["network"],
    )
    assert list(record["ancestors"]["model"]) == [RUN]
    assert record["parameters"]["calibrated"]["kind"] == "temperature"
    assert record["parameters"]["calibrated"]["loop"] == model.record["parameters"]["supervised"]["loop"]
    json.dumps([classifier.spec, record])


def test_a_known_temperature_and_threshold_come_out(model, training, held_out, params):
    """Logits that were scaled by 3; calibrated probabilities and a cost of 4 give a threshold near 1 / 5."""
    generator = np.random.default_rng(0)
    rows = pd.concat([held_out] * 50, ignore_index=True)
    logits = generator.normal(scale=2, size=len(rows))
    rows["label"] = (generator.uniform(size=len(rows)) < 1 / (1 + np.exp(-logits))).astype(int)
    rows["probability"] = 1 / (1 + np.exp(-3 * logits))
    rows["repeat"] = np.repeat(np.arange(100), len(rows) // 100)
    how = rule(params, rule="cost_ratio", cost_ratio=4)

    classifier, _ = calibrated(model, training, rows.assign(group_id=None), how)

    assert classifier.spec["calibration"]["temperature"] == pytest.approx(3, rel=0.1)
    assert classifier.spec["threshold"] == pytest.approx(0.2, abs=0.05)


def test_the_test_images_are_read_for_no_choice(model, corpus, training, held_out, params):
    chosen = register_pipelines()["calibration"].to_outputs("calibrated.classifier")
    assert not {name for name in chosen.datasets() if name.endswith("@test") or name.endswith("predictions")}
    manifest = corpus.manifest.copy()
    labels = manifest.loc[manifest["split"] == "test", "label"]
    manifest.loc[labels.index, "label"] = 1 - labels
    other = part(corpus._replace(manifest=manifest), "labeled", "unlabeled")
    specs = [calibrated(model, one, held_out, params)[0].spec for one in (training, other)]
    assert specs[0] == specs[1]


def test_isotonic_calibration_brings_its_own_prior_and_a_fixed_threshold_stays_with_the_evaluation(
    model, training, held_out, params
):
    how = rule(params.model_copy(update={"kind": "isotonic"}), rule="fixed")
    spec = calibrated(model, training, held_out, how)[0].spec
    assert spec["calibration"]["kind"] == "isotonic"
    assert spec["prior"] == pytest.approx([0.5, 0.5], abs=0.1)
    assert "threshold" not in spec
    spec = calibrated(model, training, held_out, params.model_copy(update={"kind": "none"}))[0].spec
    assert "calibration" not in spec
    assert "threshold" in spec


def test_predictions_are_found_by_what_they_are_of_and_not_by_their_name(model, training, held_out, params):
    strange = held_out.assign(corpus="other")
    tables = {"supervised/seed0": strange, "supervised-wide/seed7": held_out, "transfer/seed0": held_out}
    _, found = calibrated(model, training, tables, params)
    assert found.equals(held_out)


def changed(held_out, **changes):
    parameters = json.loads(held_out["parameters"].iloc[0])
    parameters["loop"] |= changes
    return held_out.assign(parameters=json.dumps(parameters))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda table: {}, r"no out-of-fold predictions of supervised\. Make them by .*methods=\[supervised\]"),
        (lambda table: {"transfer/seed0": table}, "no out-of-fold predictions of supervised"),
        (
            lambda table: table.assign(corpus="x"),
            r"those of supervised/seed0 are of other images, labels or splits\. Make",
        ),
        (lambda table: changed(table, steps=77), r"of other parameters: loop\.steps \(77 there, 20 here\)\. Make"),
        (lambda table: table.drop(columns="corpus"), "lack corpus"),
        (lambda table: table.iloc[1:], "each of 40 labelled images once a repeat, but hold 39 in 39 rows"),
        (lambda table: pd.concat([table, table.iloc[:1]]), "once a repeat, but hold 40 in 41 rows"),
        (lambda table: table.assign(probability=np.nan), "must lie between 0 and 1"),
        (lambda table: table.assign(probability=1.2), "must lie between 0 and 1"),
        (
            lambda table: table.assign(**{f"probability_{k}": 1 / 3 for k in range(3)}),
            "have the columns probability_0, probability_1, probability_2, but the classes are benign, melanoma",
        ),
        (lambda table: table.assign(label=0), "none of class 1 among 80"),
    ],
)
def test_predictions_that_do_not_belong_to_the_run_are_refused(change, said, model, training, held_out, params):
    with pytest.raises(NevusError, match=said):
        calibrated(model, training, change(held_out), params)


def test_one_class_in_a_fold_is_no_obstacle_since_all_folds_count_together(model, training, held_out, params):
    table = held_out.assign(fold=held_out["label"])
    assert calibrated(model, training, table, params)[0].spec["calibration"]["temperature"] > 0


def test_a_rule_that_cannot_be_met_is_refused(model, training, held_out, params):
    never = held_out.assign(probability=held_out["probability"].where(held_out["label"] == 0, 0.0))
    how = rule(params.model_copy(update={"kind": "none"}), rule="sensitivity", sensitivity=0.5)
    with pytest.raises(CorpusError, match=r"sensitivity of 0\.5 does not exist"):
        calibrated(model, training, never, how)


@pytest.mark.parametrize("wrong", [{"cost_ratio": 0}, {"cost_ratio": -1}, {"cost_ratio": "nan"}, {"sensitivity": 0}])
def test_costs_and_sensitivities_that_mean_nothing_are_refused_with_the_parameters(parameters, wrong):
    block = parameters["calibration"]
    with pytest.raises(ValueError, match=next(iter(wrong))):
        CalibrationParams.model_validate({**block, "threshold": {**block["threshold"], **wrong}})


@pytest.mark.parametrize(
    ("change", "seed", "said"),
    [
        ({"model": "superwised/seed0"}, 0, r"no finished run 'superwised/seed0'; did you mean 'supervised/seed0'\?"),
        ({}, 3, r"has seed 0, .* not by 3\. Give --params seed=0"),
        ({"model": "ensemble/seed0"}, 0, r"averages a, b, .*Calibrate a member"),
        ({"model": "calibrated/seed0"}, 0, r"calibrated already\. Name supervised/seed0"),
    ],
)
def test_what_names_no_run_that_can_be_calibrated_is_refused(change, seed, said, model, training, held_out, params):
    averaged = model._replace(spec={**model.spec, "members": {"a": {}, "b": {}}})
    done, _ = calibrated(model, training, held_out, params)
    others = {"ensemble/seed0": averaged, "calibrated/seed0": done}
    with pytest.raises(NevusError, match=said):
        calibrated(model, training, held_out, params.model_copy(update=change), seed=seed, **others)


def test_a_run_of_other_training_images_is_refused(model, training, held_out, params):
    with pytest.raises(CorpusError, match="supervised/seed0 was trained on other images"):
        calibrated(model._replace(record={**model.record, "corpus": "x"}), training, held_out, params)


def test_sets_are_learnt_on_folds_and_counted_on_test_images(model, training, test_set, held_out, params, parameters):
    pytest.importorskip("mapie")
    options = EvaluationParams.model_validate(parameters["evaluation"])
    classifier, table = calibrated(model, training, held_out, params)
    predictions = predict_test(classifier, test_set)

    asked = params.model_copy(update={"coverage": 0.8})
    found = cover(options, asked, classifier, table, predictions)

    assert found["class"].tolist() == ["all", "benign", "melanoma"]
    assert found.loc[0, "images"] == len(predictions)
    assert found.loc[0, "coverage"] > 0.5
    assert draw_sets(options, asked, found).axes
    assert cover(options, params, classifier, table, predictions).empty
    assert not draw_sets(options, params, found).axes


def test_labels_are_ranked_once_an_image_by_what_was_said_of_it_on_average(model, training, held_out, params):
    classifier, table = calibrated(model, training, held_out, params.model_copy(update={"kind": "none"}))
    ranked = rank_label_errors(classifier, table)
    assert sorted(ranked["image_id"]) == sorted(held_out["image_id"].unique())
    assert ranked["quality"].is_monotonic_increasing
    said = held_out["probability"].where(held_out["label"] == 1, 1 - held_out["probability"])
    wanted = said.groupby(held_out["image_id"]).mean()
    np.testing.assert_allclose(ranked["quality"], wanted[ranked["image_id"]], rtol=1e-6)
    shown = draw_label_errors(params.model_copy(update={"suspects": 5}), training, ranked)
    assert sum(axes.get_visible() for axes in shown.axes) == 5


def test_sets_without_mapie_are_refused_before_anything_is_packed(params, monkeypatch):
    from nevus.metrics import conformal
    from nevus.pipelines.calibration.nodes import require_model

    monkeypatch.setattr(conformal, "find_spec", lambda name: None)
    require_model(params, [RUN], 0)
    with pytest.raises(NevusError, match=r"pip install 'nevus\[conformal\]'"):
        require_model(params.model_copy(update={"coverage": 0.9}), [RUN], 0)


def test_of_three_classes_the_temperature_is_learnt_and_the_likeliest_is_called(model, held_out, params, parameters):
    generator = np.random.default_rng(0)
    logits = generator.normal(scale=1.5, size=(600, 3))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    said = softened(true, 0.5)  # twice as sure as it should be
    rows = pd.concat([held_out] * 8, ignore_index=True).iloc[:600].drop(columns="probability")
    rows = rows.assign(
        image_id=[f"image {number}" for number in range(600)],
        group_id=None,
        label=[generator.choice(3, p=row) for row in true],
        split="test",
        **{f"probability_{number}": said[:, number] for number in range(3)},
    )

    spec = {**model.spec, "classes": ["a", "b", "c"], **learnt(rows, params)}

    assert spec["calibration"]["temperature"] == pytest.approx(2, rel=0.15)
    assert "threshold" not in spec
    options = EvaluationParams.model_validate(parameters["evaluation"])
    classifier = model._replace(spec=spec)
    found = cover(options, params.model_copy(update={"coverage": 0.8}), classifier, rows, rows)
    assert found["class"].tolist() == ["all", "a", "b", "c"]
    assert rank_label_errors(classifier, rows)["likeliest"].isin(["a", "b", "c"]).all()
    with pytest.raises(CorpusError, match="isotonic calibration is for two classes"):
        learnt(rows, params.model_copy(update={"kind": "isotonic"}))
