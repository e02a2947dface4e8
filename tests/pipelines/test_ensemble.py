"""Finished runs averaged, as a run of its own."""

import json
from functools import partial

import numpy as np
import pytest

from nevus.contracts import Classifier, Corpus, CorpusError, NevusError
from nevus.io.model import ModelDataset
from nevus.io.runs import FinishedRunsDataset
from nevus.metrics.predictions import probabilities_of, tables_of_parts
from nevus.pipelines.checkpoint_key import digest
from nevus.pipelines.classifier.nodes import fit_classifier
from nevus.pipelines.ensemble.nodes import combine, members_of
from nevus.pipelines.ensemble.params import EnsembleParams
from nevus.pipelines.inference.nodes import predict_test
from nevus.training.options import MetadataOptions
from tests.training.fakes import MemoryCheckpoints

BOTH = EnsembleParams(members=("supervised/seed*",))


@pytest.fixture(scope="module")
def members(training: Corpus, validation: Corpus, supervised) -> dict[str, Classifier]:
    """Two seeds, one of them with metadata beside the image."""
    fused = supervised.model_copy(update={"metadata": MetadataOptions(columns=("age", "sex"))})
    return {
        f"supervised/seed{seed}": fit_classifier(
            training, validation, params, seed, None, MemoryCheckpoints(), method="supervised"
        )[0]
        for seed, params in enumerate((supervised, fused))
    }


def combined(members: dict[str, Classifier], training: Corpus, params: EnsembleParams = BOTH) -> Classifier:
    readers = {name: partial(lambda one: one, one) for name, one in members.items()}
    return combine(readers, training, params, 0, None)


def test_the_ensemble_says_the_mean_of_what_its_members_say(members, training, test_set):
    table = predict_test(combined(members, training), test_set)

    alone = {name: probabilities_of(predict_test(one, test_set)) for name, one in members.items()}
    np.testing.assert_allclose(probabilities_of(table), np.mean(list(alone.values()), axis=0), atol=1e-6)
    parts = tables_of_parts(table)
    assert list(parts) == list(members)
    for name, part in parts.items():
        np.testing.assert_allclose(probabilities_of(part), alone[name], atol=1e-6)


def test_its_record_says_of_whom_it_is_made(members, training):
    classifier = combined(members, training)

    assert classifier.record["ancestors"] == {"members": {name: digest(one.weights) for name, one in members.items()}}
    assert (classifier.record["method"], classifier.record["corpus"]) == ("ensemble", training.fingerprint)
    assert classifier.record["parameters"]["ensemble"] == {"members": ["supervised/seed*"]}
    alone = members["supervised/seed0"].record["network"]
    assert classifier.record["network"] == {name: 2 * value for name, value in alone.items()}
    json.dumps([classifier.spec, classifier.record])


def test_a_saved_ensemble_scores_images_as_it_did(members, training, test_set, tmp_path):
    import mlflow

    classifier = combined(members, training)
    ModelDataset(filepath=str(tmp_path / "ensemble" / "seed0" / "model")).save(classifier)
    model = mlflow.pyfunc.load_model(str(tmp_path / "ensemble" / "seed0" / "model"))
    rows = test_set.manifest
    known = {"age": rows["age"].tolist(), "sex": rows["sex"].fillna("").tolist()}

    found = model.predict(np.asarray(test_set.pixels[:]), params=known)

    wanted = probabilities_of(predict_test(classifier, test_set))
    np.testing.assert_allclose(found[test_set.classes[1]], wanted, atol=1e-5)


def test_finished_runs_are_found_by_their_names_and_read_when_they_are_called(members, tmp_path):
    for name in ("supervised-wide/seed10", "ssgan.baseline/seed2"):
        ModelDataset(filepath=str(tmp_path / name / "model")).save(members["supervised/seed0"])
    (tmp_path / "transfer" / "seed0").mkdir(parents=True)  # in training

    found = FinishedRunsDataset(filepath=str(tmp_path)).load()

    assert list(found) == ["ssgan.baseline/seed2", "supervised-wide/seed10"]
    assert found["supervised-wide/seed10"]().record["seed"] == 0
    assert FinishedRunsDataset(filepath=str(tmp_path / "none")).load() == {}


def test_members_are_named_or_fit_a_pattern_each_once_and_no_ensemble_is_one():
    runs = ["ensemble/seed0", "ensemble-wide/seed0", "supervised/seed0", "supervised/seed1", "transfer/seed0"]
    assert members_of(runs, ["transfer/seed0", "supervised/*", "supervised/seed1"]) == [
        "transfer/seed0",
        "supervised/seed0",
        "supervised/seed1",
    ]
    assert members_of(runs, ["*/seed0"]) == ["supervised/seed0", "transfer/seed0"]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (["superwised/seed0"], r"run 'superwised/seed0'; did you mean 'supervised/seed0'\? Finished: super"),
        (["ensemble/seed0"], "no finished run 'ensemble/seed0'"),
        (["ssgan/*"], "Train more by `kedro run --pipeline=supervised`"),
        (["supervised/seed0"], "two finished runs or more, but ensemble.members names supervised/seed0 alone"),
    ],
)
def test_what_names_no_two_finished_runs_is_refused(wanted, said):
    with pytest.raises(NevusError, match=said):
        members_of(["ensemble/seed0", "supervised/seed0", "transfer/seed0"], wanted)


def test_a_member_trained_on_other_splits_is_refused_by_name(members, training):
    stranger = members["supervised/seed1"]._replace(record={"corpus": "other"})
    with pytest.raises(CorpusError, match="supervised/seed1 trained on other images, labels or splits"):
        combined({**members, "supervised/seed1": stranger}, training)
