"""A linear classifier on features, and the features of all images."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from nevus.networks.backbones import Backbone
from nevus.networks.build import restore
from nevus.pipelines.classifier.nodes import build_network, fit_classifier
from nevus.pipelines.features.nodes import embed_images
from nevus.pipelines.features.params import FeaturesParams
from nevus.pipelines.linear_probe.nodes import build_probe_learner
from nevus.pipelines.linear_probe.params import LinearProbeParams
from nevus.training.images import to_images
from tests.training.fakes import MemoryCheckpoints


@pytest.fixture(scope="module")
def fitted(training, validation, linear_probe):
    return fit_classifier(
        training,
        validation,
        linear_probe,
        0,
        None,
        MemoryCheckpoints(),
        method="linear_probe",
        learner_of=build_probe_learner,
    )


def test_the_head_alone_has_learnt(fitted, training, linear_probe):
    classifier, history = fitted
    start = build_network(training, linear_probe).state_dict()
    moved = {name for name, value in classifier.weights.items() if not torch.equal(value, start[name])}
    assert moved == {"head.1.weight", "head.1.bias"}
    assert history["labeled_loss"].iloc[-1] < history["labeled_loss"].iloc[0]


def test_the_classifier_takes_images(fitted, training):
    classifier, _ = fitted
    network = restore(classifier.spec, classifier.weights)
    with torch.no_grad():
        images = network(to_images(training.pixels[:3]))
    assert images.shape == (3, 2)


def test_each_labelled_image_and_each_copy_passes_the_network_once(training, linear_probe, monkeypatch):
    seen = []
    passed = Backbone.forward_features
    monkeypatch.setattr(Backbone, "forward_features", lambda self, x: seen.append(len(x)) or passed(self, x))
    learner = build_probe_learner(training, linear_probe, 0)
    for step in range(3):
        learner.step(step)
    labeled = int((training.manifest["split"] == "labeled").sum())
    assert sum(seen) == labeled * (1 + linear_probe.copies.number)


def test_a_step_is_that_of_the_whole_network_with_all_but_its_head_frozen(training, linear_probe):
    exact = linear_probe.loop.model_copy(
        update={"precision": "float32"}
    )  # auto rounds where the hardware is made for it
    learner = build_probe_learner(training, linear_probe.model_copy(update={"loop": exact}), 0)
    batch = learner.batches(0)
    rows = learner.batches.sampler(step=0)
    from nevus.augment.corpus import with_training_copies
    from nevus.corpus.views import labeled_images

    pixels, labels = labeled_images(with_training_copies(training, linear_probe.copies))
    assert batch.targets.tolist() == labels[rows].tolist()
    learner.model.eval()  # no dropout
    with torch.no_grad():
        torch.testing.assert_close(
            learner.model(batch.images), learner.model(to_images(pixels[rows])), atol=1e-4, rtol=1e-4
        )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"augment": [{"name": "square"}]}, "features are computed once: set augment to"),
        ({"optimizer": {"frozen": ["backbone"]}}, "set optimizer.frozen to"),
    ],
)
def test_what_could_have_no_effect_is_refused(parameters, change, said):
    block = parameters["linear_probe"]
    if "optimizer" in change:
        change = {"optimizer": {**block["optimizer"], **change["optimizer"]}}
    with pytest.raises(ValidationError, match=said):
        LinearProbeParams.model_validate({**block, **change})


def test_features_of_all_images_stand_beside_their_names(corpus, parameters):
    options = FeaturesParams.model_validate({**parameters["features"], "average_d4": False})
    order = np.random.default_rng(0).permutation(len(corpus.manifest))[:12]
    some = corpus._replace(manifest=corpus.manifest.iloc[order])
    table = embed_images(some, options, 0)
    assert table["image_id"].tolist() == some.manifest["image_id"].tolist()
    assert list(table.columns[1:]) == [str(number) for number in range(1280)]
    single = embed_images(some._replace(manifest=some.manifest.iloc[[5]]), options, 0)
    np.testing.assert_allclose(single.iloc[0, 1:].astype(float), table.iloc[5, 1:].astype(float), atol=1e-4)


def test_features_take_no_statistics_of_images(parameters):
    block = parameters["features"]
    with pytest.raises(ValidationError, match="before they are split"):
        FeaturesParams.model_validate({**block, "network": {**block["network"], "normalisation": "feature"}})
