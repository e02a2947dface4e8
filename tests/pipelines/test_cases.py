"""The images that a run is surest of: chosen, explained and drawn."""

import numpy as np
import pandas as pd
import pytest
import torch

from nevus.contracts import Classifier, Corpus, CorpusError
from nevus.networks.build import build, describe
from nevus.pipelines.inference.heat_maps import heat_maps
from nevus.pipelines.inference.scoring import with_number
from nevus.pipelines.reporting.cases import choose_cases, draw_cases, explain_cases
from nevus.pipelines.reporting.gallery import alternatives, notes
from nevus.pipelines.reporting.params import EvaluationParams
from nevus.training.attribution import NoFeatureMapError, grad_cam
from nevus.training.runtime import prediction_runtime
from tests.networks.presets import preset
from tests.plots.rendering import rendered

OPTIONS = EvaluationParams(
    replicates=200, confidence=0.95, seed=0, calibration_bins=10, threshold=0.5, prevalences=(0.1,)
)
TWO, THREE = ("benign", "melanoma"), ("nv", "mel", "bcc")
CPU = prediction_runtime("cpu")


def classifier(spec=None, weights=None, classes=TWO, **more):
    record = {"method": "supervised", "variant": "", "seed": 0}
    return Classifier(weights or {}, {"classes": list(classes), **(spec or {}), **more}, np.empty(0, np.uint8), record)


def of_network(seed=0, classes=TWO, which="residual", **changes):
    torch.manual_seed(seed)
    options = preset(which, **changes)
    network = build(options, classes=len(classes), size=32)
    spec = describe(options, classes=classes, size=32, average_d4=False)
    return classifier(spec, dict(network.state_dict()), classes)


def table(labels, probabilities, groups=None):
    """Predictions of test images: `probabilities` of label 1, or of each label."""
    values = np.array(probabilities, dtype=float)
    columns = {"probability": values} if values.ndim == 1 else {f"probability_{k}": values[:, k] for k in range(3)}
    names = [f"{number:03}" for number in range(len(labels))]
    groups = pd.array(groups or [None] * len(labels), dtype="string")
    return pd.DataFrame({"image_id": names, "split": "test", "group_id": groups, "label": labels, "seed": 0, **columns})


def images(count, size=32):
    pixels = np.random.default_rng(0).integers(0, 256, (count, size, size, 3), dtype=np.uint8)
    manifest = pd.DataFrame({"image_id": [f"{number:03}" for number in range(count)], "row": np.arange(count)[::-1]})
    return Corpus(manifest, pixels, "fake")


def chosen(cases):
    return cases[["kind", "image_id"]].to_numpy().tolist()


def test_mistakes_come_first_those_of_the_last_class_before_the_others_and_the_surest_before_the_less_sure():
    cases = choose_cases(OPTIONS, classifier(), table([1, 1, 0, 0, 1, 0], [0.4, 0.1, 0.6, 0.7, 0.9, 0.2]))
    assert chosen(cases) == [
        *(["mistake", name] for name in ("001", "000", "003", "002")),
        ["right", "004"],
        ["right", "005"],
    ]
    assert cases["truth"].tolist() == ["melanoma", "melanoma", "benign", "benign", "melanoma", "benign"]
    assert cases["called"].tolist() == ["benign", "benign", "melanoma", "melanoma", "melanoma", "benign"]
    np.testing.assert_allclose(cases["probability"], [0.9, 0.6, 0.7, 0.6, 0.9, 0.8])


def test_the_threshold_is_the_one_that_the_run_has_chosen():
    predictions = table([1, 0, 0], [0.3, 0.3, 0.1])
    fixed = choose_cases(OPTIONS, classifier(), predictions)
    own = choose_cases(OPTIONS, classifier(threshold=0.2), predictions)
    assert chosen(fixed)[0] == ["mistake", "000"]
    assert chosen(own)[0] == ["mistake", "001"]


def test_with_several_classes_the_likeliest_is_called():
    shares = [[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.3, 0.3, 0.4], [0.05, 0.9, 0.05]]
    cases = choose_cases(OPTIONS, classifier(classes=THREE), table([0, 2, 2, 1], shares))
    assert chosen(cases) == [["mistake", "001"], ["right", "003"], ["right", "000"], ["right", "002"]]
    assert cases["called"].tolist() == ["mel", "mel", "nv", "bcc"]


def test_of_a_lesion_only_the_surest_image_is_shown_and_no_more_than_six_a_row():
    copies = choose_cases(OPTIONS, classifier(), table([1, 1, 0], [0.1, 0.2, 0.1], ["a", "a", "b"]))
    assert chosen(copies) == [["mistake", "000"], ["right", "002"]]
    many = choose_cases(OPTIONS, classifier(), table([0, 1] * 20, np.linspace(0.01, 0.99, 40)))
    assert many.groupby(["kind", "truth"]).size().tolist() == [6, 6, 6, 6]


@pytest.mark.parametrize("labels", [[0, 1], [0, 0]], ids=["both", "one"])
def test_a_run_without_mistakes_or_with_one_class_is_drawn_too(labels):
    run = classifier()
    cases = choose_cases(OPTIONS, run, table(labels, [0.9 if label else 0.1 for label in labels]))
    assert set(cases["kind"]) == {"right"}
    test = images(2)
    assert min(rendered(draw_cases(run, cases, test, explain_cases(run, cases, test)))) > 50
    assert "Surest mistakes: melanoma called benign: none." in alternatives(cases, TWO)["gallery"]


def test_heat_maps_are_of_the_chosen_images_and_of_the_class_called():
    run, test = of_network(), images(4)
    cases = choose_cases(OPTIONS, run, table([1, 0, 0, 1], [0.2, 0.8, 0.1, 0.9]))
    found = explain_cases(run, cases, test)
    places = [3 - int(name) for name in cases["image_id"]]
    targets = [TWO.index(name) for name in cases["called"]]
    torch.manual_seed(0)
    network = build(preset("residual"), classes=2, size=32)
    np.testing.assert_allclose(found, grad_cam(network, test.pixels[places], targets, CPU), atol=1e-3)
    assert min(rendered(draw_cases(run, cases, test, found))) > 50


def test_the_heat_maps_of_an_ensemble_are_the_mean_over_its_members():
    members = {f"supervised/seed{seed}": of_network(seed, width=4) for seed in range(2)}
    weights = with_number(members["supervised/seed0"].weights, 0) | with_number(members["supervised/seed1"].weights, 1)
    both = classifier({"members": {name: one.spec for name, one in members.items()}}, weights)
    pixels = images(3).pixels
    single = [heat_maps(one.spec, one.weights, pixels, [0, 1, 0], CPU) for one in members.values()]
    mean = np.mean(single, axis=0)
    expected = mean / np.maximum(mean.max(axis=(1, 2), keepdims=True), 1e-9)
    np.testing.assert_allclose(heat_maps(both.spec, both.weights, pixels, [0, 1, 0], CPU), expected, atol=1e-6)
    assert "the mean over 2 members" in notes(both.spec, np.zeros((3, 32, 32)))["gallery"]


@pytest.mark.parametrize("network", [{}, {"name": "vit_tiny_patch16_224", "resize": 224}], ids=["none", "of tokens"])
def test_a_run_without_a_feature_map_has_no_heat_maps_and_the_page_says_why(network):
    run, test = of_network(which="resnet18", **network) if network else classifier(), images(2)
    cases = choose_cases(OPTIONS, run, table([1, 0], [0.2, 0.1]))
    found = explain_cases(run, cases, test)
    assert found.shape == (0, 32, 32)
    assert "no heat maps: this run has no network" in notes(run.spec, found)["gallery"]
    with pytest.raises(NoFeatureMapError, match="no such feature map" if network else "made elsewhere"):
        heat_maps(run.spec, run.weights, test.pixels, [0, 0], CPU)


def test_what_metadata_add_is_said_to_be_missing_from_the_heat_maps():
    spec = classifier(metadata={"age": {}, "sex": {}}).spec
    assert "What age and sex add" in notes(spec, np.zeros((1, 32, 32)))["gallery"]
    assert "add to the probability" not in notes(classifier().spec, np.zeros((1, 32, 32)))["gallery"]


def test_the_alternative_text_counts_the_cases_and_says_how_sure_the_run_is():
    cases = choose_cases(OPTIONS, classifier(), table([1, 1, 0], [0.4, 0.1, 0.1]))
    assert alternatives(cases, TWO)["gallery"] == (
        "Surest mistakes: melanoma called benign: 2 at 90% to 60%. Surest mistakes: benign called melanoma: none. "
        "Surest right calls: melanoma called melanoma: none. Surest right calls: benign called benign: 1 at 90%."
    )


def test_no_probability_is_rounded_to_certainty():
    run = classifier()
    cases = choose_cases(OPTIONS, run, table([1, 0], [0.999, 0.996]))
    assert "melanoma called melanoma: 1 at over 99%." in alternatives(cases, TWO)["gallery"]
    figure = draw_cases(run, cases, images(2), np.zeros((0, 32, 32)))
    assert "called melanoma, over 99%" in figure.axes[1].texts[0].get_text()


def test_images_that_are_no_longer_test_images_are_refused():
    run, test = classifier(), images(1)
    cases = choose_cases(OPTIONS, run, table([1, 0], [0.2, 0.1]))
    with pytest.raises(CorpusError, match="1 of them are not among the test images, such as 001"):
        explain_cases(run, cases, test)
