"""Trainings that start from a finished run."""

import pytest
import torch

from nevus.contracts import CorpusError, NevusError
from nevus.pipelines.checkpoint_key import digest
from nevus.pipelines.classifier.ancestors import ancestors_of, require_blind
from nevus.pipelines.classifier.nodes import build_classifier_learner, fit_classifier
from nevus.pipelines.classifier.params import ClassifierParams
from nevus.pipelines.cross_validation.nodes import cross_validate
from nevus.pipelines.ssgan.nodes import build_ssgan_learner
from tests.training.fakes import MemoryCheckpoints


def short(params, **changes):
    loop = params.loop.model_copy(update={"steps": 2, "log_every": 1})
    return params.model_copy(update={"loop": loop, **changes})


@pytest.fixture(scope="module")
def simclr(parameters) -> ClassifierParams:
    return short(ClassifierParams.model_validate(parameters["simclr"]))


@pytest.fixture(scope="module")
def finished(training, validation, simclr, labeled_only):
    made = {
        name: fit_classifier(training, validation, params, 0, None, MemoryCheckpoints(), method=name)[0]
        for name, params in (("simclr", simclr), ("labeled_only", short(labeled_only)))
    }
    return {f"{name}/seed0": lambda one=one: one for name, one in made.items()}


@pytest.mark.parametrize("method", ["labeled_only", "ssgan"])
def test_a_method_starts_from_the_features_of_a_run_and_with_a_head_of_its_own(method, finished, training, request):
    params = request.getfixturevalue(method).model_copy(update={"start": "simclr/seed0"})
    ancestors = ancestors_of(training, params, finished, method=method)
    build = build_ssgan_learner if method == "ssgan" else build_classifier_learner
    learner = build(training, params, 0, ancestors)
    network = learner.discriminator if method == "ssgan" else learner.model
    source = ancestors["start"]["simclr/seed0"].weights
    for name, value in network.state_dict().items():
        if "num_batches" not in name:
            assert torch.equal(value, source[name]) != name.startswith("head."), name


def test_what_a_checkpoint_is_good_for_depends_on_the_weights_of_the_start(finished, training, labeled_only):
    from nevus.pipelines.checkpoint_key import checkpoint_key

    params = labeled_only.model_copy(update={"start": "simclr/seed0"})
    ancestors = ancestors_of(training, params, finished, method="labeled_only")
    as_is = ancestors["start"]["simclr/seed0"]
    changed = as_is._replace(weights={name: value + 1 for name, value in as_is.weights.items()})

    def key(start):
        learner = build_classifier_learner(training, params, 0, {"start": {"simclr/seed0": start}})
        return checkpoint_key("labeled_only", 0, learner, (training,), params)

    assert key(as_is) == key(as_is)
    assert key(changed) != key(as_is)


def test_the_record_says_which_weights_it_was_built_on(finished, training, validation, labeled_only):
    params = short(labeled_only, start="simclr/seed0")
    made, _ = fit_classifier(
        training, validation, params, 0, None, MemoryCheckpoints(), finished, method="labeled_only"
    )
    weights = finished["simclr/seed0"]().weights
    assert made.record["ancestors"] == {"start": {"simclr/seed0": digest(weights)}}
    assert finished["labeled_only/seed0"]().record["ancestors"] == {}
    assert digest(dict(reversed(weights.items()))) == digest(weights)
    assert digest({name: value + 1 for name, value in weights.items()}) != digest(weights)


def test_an_unknown_run_is_named_with_the_nearest_and_how_to_train_it(finished, training, labeled_only):
    params = labeled_only.model_copy(update={"start": "simclr/seed1"})
    with pytest.raises(NevusError, match=r"labeled_only\.start: .*'simclr/seed1'.*simclr/seed0.*--pipeline=simclr"):
        ancestors_of(training, params, finished, method="labeled_only")


def test_a_run_of_other_images_may_know_the_test_images(finished, training, labeled_only):
    params = labeled_only.model_copy(update={"start": "simclr/seed0"})
    fewer = training._replace(manifest=training.manifest.iloc[1:])
    with pytest.raises(CorpusError, match="test or validation images may be among them"):
        ancestors_of(fewer, params, finished, method="labeled_only")
    hidden = training.manifest.copy()
    hidden.loc[hidden.index[hidden["split"] == "labeled"][:2], ["split", "label"]] = ["unlabeled", None]
    assert ancestors_of(training._replace(manifest=hidden), params, finished, method="labeled_only")


def test_a_network_of_another_shape_is_refused(finished, training, labeled_only):
    other = labeled_only.network.model_copy(update={"widths": (8, 32)})
    params = labeled_only.model_copy(update={"start": "simclr/seed0", "network": other})
    ancestors = ancestors_of(training, params, finished, method="labeled_only")
    with pytest.raises(NevusError, match=r"simclr/seed0 are not those of the network of this method: .*wanted"):
        build_classifier_learner(training, params, 0, ancestors)


def test_folds_must_be_unknown_to_the_start(finished, training, labeled_only, cross_validation):
    options = cross_validation.model_copy(update={"methods": ["labeled_only"]})

    def scores(start):
        params = short(labeled_only, start=start)
        return cross_validate(
            training, params, 0, options, MemoryCheckpoints(), finished,
            method="labeled_only", learner_of=build_classifier_learner,
        )[0]  # fmt: skip

    assert len(scores("simclr/seed0"))
    with pytest.raises(NevusError, match="learnt from all labels"):
        scores("labeled_only/seed0")
    require_blind({}, method="labeled_only")


def test_features_of_hidden_labels_are_no_start(finished, training, labeled_only):
    budget = training._replace(fingerprint="a label budget")
    from_labels, without = (labeled_only.model_copy(update={"start": name}) for name in finished_names(finished))
    with pytest.raises(CorpusError, match="learnt from other labels"):
        ancestors_of(budget, from_labels, finished, method="labeled_only")
    assert ancestors_of(training, from_labels, finished, method="labeled_only")
    assert ancestors_of(budget, without, finished, method="labeled_only")


def finished_names(finished):
    """The run that labels shaped, then the one that they did not."""
    return sorted(finished, key=lambda name: name.startswith("simclr"))
