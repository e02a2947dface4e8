"""Every method that learns from unlabelled images, on the small corpus of drawings."""

import pytest
import torch

from nevus.lookup import find
from nevus.pipelines.classifier.nodes import build_classifier_learner
from nevus.pipelines.classifier.params import ALGORITHMS, ClassifierParams
from nevus.pipelines.methods import METHODS
from nevus.training.loop import train
from tests.training.fakes import MemoryCheckpoints

NAMES = [name for name, method in METHODS.items() if method.baseline and method.family.params is ClassifierParams]


def test_there_are_several_and_each_is_called_like_its_algorithm(parameters):
    assert {"pseudo_labels", "pi_model", "mean_teacher", "fixmatch", "mixmatch"} <= set(NAMES)
    for name in NAMES:
        assert parameters[name]["algorithm"]["name"] == name


@pytest.mark.parametrize("name", NAMES)
def test_it_trains_and_goes_on_to_the_same_bits_after_an_interruption(name, parameters, training):
    params = ClassifierParams.model_validate(parameters[name])
    params = params.model_copy(
        update={"loop": params.loop.model_copy(update={"steps": 8, "checkpoint_every": 2, "log_every": 4})}
    )

    def run(learner, steps, checkpoints):
        loop = params.loop.model_copy(update={"steps": steps})
        return train(learner, loop, seed=3, checkpoints=checkpoints, key="k", name=name)[0]

    whole, checkpoints = build_classifier_learner(training, params, 0), MemoryCheckpoints()
    history = run(whole, 8, MemoryCheckpoints())
    for steps in (4, 8):
        continued = build_classifier_learner(training, params, 0)
        again = run(continued, steps, checkpoints)
    for key, value in whole.state()["average"].items():
        assert torch.equal(value, continued.state()["average"][key]), key
    assert again.drop(columns="seconds").equals(history.drop(columns="seconds"))
    assert history["unlabeled_loss"].ge(0).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_views_that_it_does_not_read_are_not_made(name, parameters, training):
    params = ClassifierParams.model_validate(parameters[name])
    batch = build_classifier_learner(training, params, 0).batches(0)
    made = {view for view in ("weak", "strong") if getattr(batch, view) is not None}
    assert made == set(find(ALGORITHMS, name).views)


@pytest.mark.parametrize("name", ["fixmatch", "uda", "flexmatch", "freematch", "softmatch"])
def test_predictions_may_be_aligned_and_an_interruption_changes_nothing(name, parameters, training):
    block = parameters[name]
    aligned = {**block, "algorithm": {**block["algorithm"], "alignment": "estimated"}}
    test_it_trains_and_goes_on_to_the_same_bits_after_an_interruption(name, {name: aligned}, training)
