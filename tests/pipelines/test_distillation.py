"""Finished runs, and label spreading, as teachers of a small network."""

import logging
from functools import partial

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from nevus.contracts import Classifier, Corpus, CorpusError, NevusError
from nevus.metrics.predictions import probabilities_of
from nevus.networks.pretrained import take_features
from nevus.pipelines.classifier.ancestors import ancestors_of
from nevus.pipelines.classifier.nodes import fit_classifier
from nevus.pipelines.cross_validation.nodes import cross_validate
from nevus.pipelines.distillation.mass import bounds_of
from nevus.pipelines.distillation.nodes import build_distillation_learner
from nevus.pipelines.distillation.params import DistillationParams
from nevus.pipelines.ensemble.nodes import combine
from nevus.pipelines.ensemble.params import EnsembleParams
from nevus.pipelines.inference.nodes import predict_test
from nevus.training.loop import train
from tests.training.fakes import MemoryCheckpoints

SEVEN = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")


@pytest.fixture(scope="module")
def block(parameters) -> dict:
    return {**parameters["distillation"], "network": parameters["supervised"]["network"]}


@pytest.fixture(scope="module")
def finished(training: Corpus, validation: Corpus, supervised):
    """Two seeds and their average."""
    runs = {
        f"supervised/seed{seed}": fit_classifier(
            training, validation, supervised, seed, None, MemoryCheckpoints(), method="supervised"
        )[0]
        for seed in (0, 1)
    }
    readers = {name: partial(lambda one: one, one) for name, one in runs.items()}
    both = combine(readers, training, EnsembleParams(members=("supervised/*",)), 0, None)
    return {**readers, "ensemble/seed0": lambda: both}


def distilled(block: dict, **changes) -> DistillationParams:
    return DistillationParams.model_validate({**block, **changes})


def learner_of(training: Corpus, params: DistillationParams, finished=None):
    ancestors = ancestors_of(training, params, finished or {}, method="distillation")
    return build_distillation_learner(training, params, 0, ancestors)


def said_of_unlabeled(one: Classifier, training: Corpus) -> np.ndarray:
    rows = training.manifest[training.manifest["split"] == "unlabeled"]
    asked = training._replace(manifest=rows, pixels=training.pixels[rows["row"].to_numpy()])
    second = probabilities_of(predict_test(one, asked))
    return np.stack([1 - second, second], axis=1)


def test_the_soft_labels_are_the_mean_of_what_the_teachers_say(block, training, finished):
    alone = [said_of_unlabeled(finished[f"supervised/seed{seed}"](), training) for seed in (0, 1)]
    for teachers in (["supervised/seed*"], ["ensemble/seed0"], ["supervised/seed1", "supervised/seed0"]):
        found = learner_of(training, distilled(block, teachers=teachers), finished).algorithm.soft_labels
        np.testing.assert_allclose(found.numpy(), np.mean(alone, axis=0), atol=1e-5)


def test_images_are_drawn_so_that_the_mass_is_as_asked_for(block, training, finished):
    second = learner_of(training, distilled(block, mass=None), finished).algorithm.soft_labels[:, 1].numpy()
    low, high = np.quantile(second, [0.55, 0.7])
    learner = learner_of(training, distilled(block, mass=[float(low), float(high)]), finished)
    rows = np.concatenate([learner.batches(step).metadata["rows"].numpy() for step in range(200)])
    assert second.mean() < low or second.mean() > low - 0.05
    assert low - 0.005 <= second[rows].mean() <= high + 0.005
    assert learner.batches(0).strong is not None
    assert learner.batches(0).weak is None


@pytest.mark.parametrize("kind", ["teachers", "spreading"])
def test_it_trains_and_goes_on_to_the_same_bits_after_an_interruption(kind, block, parameters, training, finished):
    own = block if kind == "teachers" else {**parameters["label_spreading"], "network": block["network"]}
    params = distilled(own, loop={**own["loop"], "steps": 8, "checkpoint_every": 2, "log_every": 4})
    runs = finished if kind == "teachers" else {}

    def run(learner, steps, checkpoints):
        loop = params.loop.model_copy(update={"steps": steps})
        return train(learner, loop, seed=3, checkpoints=checkpoints, key="k", name=kind)[0]

    whole, checkpoints = learner_of(training, params, runs), MemoryCheckpoints()
    history = run(whole, 8, MemoryCheckpoints())
    for steps in (4, 8):
        continued = learner_of(training, params, runs)
        again = run(continued, steps, checkpoints)
    for key, value in whole.state()["average"].items():
        assert torch.equal(value, continued.state()["average"][key]), key
    assert again.drop(columns="seconds").equals(history.drop(columns="seconds"))
    assert history["unlabeled_loss"].ge(0).all()


def test_labels_spread_on_the_features_of_the_methods_own_start(block, training, finished):
    spreading = {"network": None, "neighbours": 5, "alpha": 0.5}
    params = distilled(block, teachers=[], spreading=spreading, start="supervised/seed0")
    one = learner_of(training, params, finished).algorithm.soft_labels
    other = learner_of(
        training, params.model_copy(update={"start": "supervised/seed1"}), finished
    ).algorithm.soft_labels
    assert torch.allclose(one.sum(dim=1), torch.ones(len(one)))
    assert not torch.allclose(one, other)


def test_a_pattern_leaves_out_the_methods_own_runs_and_a_name_does_not(block, training, finished):
    runs = {**finished, "distillation/seed0": finished["supervised/seed0"]}
    asked = partial(ancestors_of, training, finished=runs, method="distillation")
    assert list(asked(params=distilled(block, teachers=["*/seed0"]))["teachers"]) == [
        "supervised/seed0",
        "ensemble/seed0",
    ]
    assert list(asked(params=distilled(block, teachers=["distillation/seed0"]))["teachers"]) == ["distillation/seed0"]


def changed(finished, change):
    return {"supervised/seed0": lambda: change(finished["supervised/seed0"]())}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda one: one._replace(spec={**one.spec, "classes": ["nevus", "melanoma"]}),
            r"distillation\.teachers: supervised/seed0 tells nevus, melanoma apart, .* are benign, melanoma",
        ),
        (
            lambda one: one._replace(spec={**one.spec, "size": 64}),
            r"distillation\.teachers: supervised/seed0 was trained on .* 64 pixels, .* 32\. .*ingestion\.size=64",
        ),
        (
            lambda one: one._replace(record={**one.record, "pool": "other"}),
            r"distillation\.teachers: supervised/seed0 was trained on other images",
        ),
    ],
)
def test_a_teacher_of_other_classes_size_or_images_is_refused(block, training, finished, change, said):
    with pytest.raises(CorpusError, match=said):
        learner_of(training, distilled(block), changed(finished, change))


def test_a_name_or_a_pattern_that_nothing_fits_is_said_with_what_there_is(block, training, finished):
    with pytest.raises(NevusError, match=r"distillation\.teachers: .*'transfer/seed\*'.*Finished: supervised/seed0"):
        learner_of(training, distilled(block, teachers=["supervised/seed0", "transfer/seed*"]), finished)


def test_a_start_is_one_run(block, training, finished):
    with pytest.raises(NevusError, match=r"distillation\.start: .* supervised/seed0, supervised/seed1 fit"):
        learner_of(training, distilled(block, start="supervised/seed*"), finished)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"teachers": []}, "has nobody who teaches"),
        ({"teachers": [], "spreading": {"network": None, "neighbours": 5, "alpha": 0.5}}, "features of random weights"),
        ({"mass": "equal"}, "has to be a share between 0 and 1"),
        ({"mass": 1.4}, "has to be a share between 0 and 1"),
        ({"mass": [0.5, 0.3]}, "the lowest comes first"),
        ({"mass": {"melanoma": [0.1, 0.2, 0.3]}}, "has to be a share between 0 and 1"),
        ({"algorithm": {"name": "distillation", "temperature": 0, "weight": 1}}, "temperature"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(block, changes, said):
    with pytest.raises(ValidationError, match=said):
        distilled(block, **changes)


@pytest.mark.parametrize(
    ("mass", "classes", "lowest", "highest"),
    [
        ("balanced", SEVEN, [1 / 7] * 7, [1 / 7] * 7),
        ("balanced", ("a", "b"), [0.5] * 2, [0.5] * 2),
        ([0.3, 0.5], ("a", "b"), [0, 0.3], [1, 0.5]),
        ("0.4", ("a", "b"), [0, 0.4], [1, 0.4]),
        ({"mel": 0.3, "df": [0.05, 0.1]}, SEVEN, [0, 0, 0, 0.05, 0.3, 0, 0], [1, 1, 1, 0.1, 0.3, 1, 1]),
    ],
)
def test_a_mass_bounds_the_share_of_each_class(block, mass, classes, lowest, highest):
    found = bounds_of(distilled(block, mass=mass).mass, classes)
    np.testing.assert_allclose(found[0], lowest)
    np.testing.assert_allclose(found[1], highest)


@pytest.mark.parametrize(
    ("mass", "classes", "said"),
    [
        (0.4, SEVEN, "second of two classes, but here are 7"),
        ({"melanom": 0.4}, ("benign", "melanoma"), "no class 'melanom'. Classes: benign, melanoma"),
        ({"benign": 0.8, "melanoma": 0.4}, ("benign", "melanoma"), "cannot add up to 1"),
    ],
)
def test_a_mass_that_these_classes_cannot_have_is_refused(block, mass, classes, said):
    with pytest.raises(CorpusError, match=said):
        bounds_of(distilled(block, mass=mass).mass, classes)


def test_teachers_that_learnt_from_other_labels_are_named_once(block, training, finished, caplog):
    with caplog.at_level(logging.WARNING):
        learner_of(training, distilled(block, mass=None), finished)
        assert not caplog.records
        learner_of(training._replace(fingerprint="another budget"), distilled(block, mass=None), finished)
    (warned,) = caplog.records
    assert "supervised/seed0, supervised/seed1 learnt from other labels" in warned.message


def test_a_mass_that_the_teachers_do_not_allow_is_warned_of(block, training, finished, caplog):
    with caplog.at_level(logging.INFO):
        learner_of(training, distilled(block, mass=0.99), finished)
    assert "melanoma" in caplog.text
    warned = [one for one in caplog.records if one.levelname == "WARNING"]
    assert ["0.99 of melanoma were asked for" in one.message for one in warned] == [True]


@pytest.mark.parametrize("teachers", [["supervised/seed0"], ["ensemble/seed0"]])
def test_a_cross_validation_with_teachers_who_know_the_folds_is_refused(
    block, training, finished, cross_validation, teachers
):
    with pytest.raises(NevusError, match=r"distillation\.teachers: \w+/seed0 learnt from all labels"):
        cross_validate(
            training,
            distilled(block, teachers=teachers),
            0,
            cross_validation.model_copy(update={"methods": ["distillation"]}),
            MemoryCheckpoints(),
            finished,
            method="distillation",
            learner_of=build_distillation_learner,
        )


def test_no_teacher_is_blind_not_even_one_whose_features_are(block, training, finished, cross_validation):
    """The head of a self-supervised run has seen all labels, and a teacher's predictions come from there."""

    def selfsupervised():
        one = finished["supervised/seed0"]()
        learnt = {"algorithm": {"name": "simclr"}}
        return one._replace(record={**one.record, "method": "simclr", "parameters": {"simclr": learnt}})

    with pytest.raises(NevusError, match=r"distillation\.teachers: simclr/seed0 learnt from all labels"):
        cross_validate(
            training,
            distilled(block, teachers=["simclr/seed0"], start="simclr/seed0"),
            0,
            cross_validation.model_copy(update={"methods": ["distillation"]}),
            MemoryCheckpoints(),
            {"simclr/seed0": selfsupervised},
            method="distillation",
            learner_of=build_distillation_learner,
        )


def test_spreading_in_a_cross_validation_sees_no_held_out_label(parameters, training, cross_validation):
    """The soft labels of a fold's training do not change with the labels that are held out."""
    from nevus.pipelines.cross_validation.nodes import deal, set_apart

    params = distilled(parameters["label_spreading"])
    _, _, held_out = next(deal(training, cross_validation))
    manifest = training.manifest.copy()
    hidden = manifest.index[manifest["split"] == "labeled"][held_out]
    manifest.loc[hidden, "label"] = 1 - manifest.loc[hidden, "label"]
    one, other = (
        learner_of(set_apart(some, held_out), params).algorithm.soft_labels
        for some in (training, training._replace(manifest=manifest))
    )
    assert torch.equal(one, other)


def test_a_student_has_the_features_of_its_start(block, training, finished):
    params = distilled(block, start="supervised/seed0")
    network = learner_of(training, params, finished).model
    before = {name: value.clone() for name, value in network.state_dict().items() if not name.startswith("head.")}
    take_features(network, finished["supervised/seed0"]().weights, source="supervised/seed0")
    assert all(torch.equal(value, network.state_dict()[name]) for name, value in before.items())
