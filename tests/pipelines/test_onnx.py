"""A finished run as an ONNX file says what PyTorch says."""

import importlib.util
import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from nevus.contracts import Classifier, NevusError
from nevus.networks.build import build, describe
from nevus.pipelines.inference.scoring import Scorer, with_number
from nevus.pipelines.onnx import nodes
from nevus.pipelines.onnx.nodes import export_onnx
from nevus.pipelines.onnx.params import OnnxParams
from nevus.pipelines.onnx.program import Program, Steps
from nevus.training.runtime import prediction_runtime
from tests.networks.presets import preset

onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is missing: pip install -e '.[onnx]'")
pytest.importorskip("onnxscript", reason="onnxscript is missing: pip install -e '.[onnx]'")

RUN = "supervised/seed0"
NOTHING = SimpleNamespace(find=lambda reference: None)  # tracked
PARAMS = OnnxParams(model=RUN, largest_difference=1e-4)
TEMPERATURE = {"kind": "temperature", "temperature": 0.2}
ISOTONIC = {"kind": "isotonic", "x": [0.2, 0.4, 0.4001, 0.6], "y": [0.1, 0.2, 0.7, 0.9]}


def classifier(seed: int = 0, *, average_d4: bool = False, **settings) -> Classifier:
    """Not trained, but with opinions."""
    torch.manual_seed(seed)
    options = preset("residual", **{"width": 4, "depth": 2, "normalisation": "feature", **settings})
    network = build(options, classes=2, size=16)
    images = np.random.default_rng(seed).integers(0, 256, (4, 16, 16, 3), dtype=np.uint8)
    network.fit_input(images)
    with torch.no_grad():
        for weights in network.parameters():
            weights *= 1.5
    spec = describe(options, classes=["benign", "melanoma"], size=16, average_d4=average_d4)
    return Classifier(dict(network.state_dict()), spec, images[:2])


def ensemble() -> Classifier:
    """Of two, of which one is calibrated, and so are both together."""
    members = [classifier(1, average_d4=True), classifier(2)]
    specs = {"a/seed0": members[0].spec | {"calibration": TEMPERATURE}, "b/seed0": members[1].spec}
    weights = {
        name: value for number, one in enumerate(members) for name, value in with_number(one.weights, number).items()
    }
    spec = {"members": specs, "size": 16, "classes": ["benign", "melanoma"], "calibration": ISOTONIC}
    return Classifier(weights, spec, members[0].example)


def export(one: Classifier, params: OnnxParams = PARAMS):
    return export_onnx({RUN: lambda: one}, NOTHING, params)


def said(one: Classifier, images) -> np.ndarray:
    return Scorer(one.spec, one.weights).score(images, None, prediction_runtime("cpu")).probabilities


@pytest.fixture(scope="module")
def written() -> tuple[Classifier, bytes, object]:
    one = ensemble()
    return one, *export(one)


def test_an_ensemble_with_symmetries_and_calibrations_says_what_pytorch_says(written):
    one, content, summary = written
    session = onnxruntime.InferenceSession(content)
    images = np.random.default_rng(9).integers(0, 256, (6, 16, 16, 3), dtype=np.uint8)
    expected = said(one, images)
    assert expected.std() > 0.05
    for some in (slice(0, 1), slice(0, 6)):  # any number of images
        found = session.run(["probabilities"], {"images": images[some]})[0]
        np.testing.assert_allclose(found, expected[some], atol=1e-4)
    row = summary.iloc[0]
    assert (row["run"], row["size"], row["classes"], row["images"]) == (RUN, 16, "benign, melanoma", 26)
    assert 0 <= row["largest_difference"] <= 1e-4


def test_the_file_says_what_its_user_has_to_know(written):
    session = onnxruntime.InferenceSession(written[1])
    says = session.get_modelmeta().custom_metadata_map
    assert (json.loads(says["classes"]), says["size"], says["resize"]) == (["benign", "melanoma"], "16", "squash")
    assert (says["run"], says["notice"].partition(":")[0]) == (RUN, "Research use only")
    (taken,), (given,) = session.get_inputs(), session.get_outputs()
    assert (taken.name, taken.type, taken.shape[1:]) == ("images", "tensor(uint8)", [16, 16, 3])
    assert (given.name, given.type) == ("probabilities", "tensor(float)")
    with pytest.raises(Exception, match="tensor\\(float\\)\\) , expected: \\(tensor\\(uint8"):
        session.run(None, {"images": np.zeros((1, 16, 16, 3), np.float32)})


@pytest.mark.parametrize(
    ("settings", "calibration"),
    [
        ({"resize": 24, "normalisation": "sample", "colour": "grey_world", "gamma": 0.7, "average_d4": True}, None),
        ({"norm": "spectral", "normalisation": "imagenet"}, TEMPERATURE),
        ({}, ISOTONIC),
    ],
)
def test_the_program_is_what_the_scorer_does(settings, calibration):
    one = classifier(**settings)
    one = one._replace(spec=one.spec | ({"calibration": calibration} if calibration else {}))
    images = np.random.default_rng(5).integers(0, 256, (6, 16, 16, 3), dtype=np.uint8)
    found = Program(one.spec, one.weights)(torch.from_numpy(images)).detach()
    np.testing.assert_allclose(found, said(one, images), atol=1e-5)


def test_steps_are_those_of_numpy():
    x, y = [0.1, 0.3, 0.3, 0.8], [0.0, 0.2, 0.6, 1.0]
    at = np.array([0.0, 0.1, 0.2, 0.31, 0.5, 0.8, 1.0], dtype=np.float32)
    found = Steps({"x": x, "y": y})(torch.from_numpy(np.stack([1 - at, at], axis=1)))
    np.testing.assert_allclose(found[:, 1], np.interp(at, x, y), atol=1e-6)
    np.testing.assert_allclose(found.sum(dim=1), 1, atol=1e-6)


def test_a_file_that_says_something_else_is_not_written(monkeypatch):
    other = classifier(7)
    true = nodes.exported
    monkeypatch.setattr(nodes, "exported", lambda _: true(other))
    with pytest.raises(NevusError, match=r"supervised/seed0 differ from PyTorch's by up to 0\.\d+ on 26 images"):
        export(classifier())


def test_a_run_that_reads_metadata_is_refused():
    one = classifier()
    learnt = {"age": {"means": [40.0, 60.0], "spread": 10.0}}
    with pytest.raises(NevusError, match=r"supervised/seed0 reads age beside the image, .* images alone"):
        export(one._replace(spec=one.spec | {"metadata": learnt}))


def test_a_registered_model_is_exported_too(monkeypatch):
    one = classifier()
    found: list[Classifier] = []

    def stop(classifier: Classifier) -> None:
        found.append(classifier)
        raise NevusError("far enough")

    monkeypatch.setattr(nodes, "exported", stop)
    tracked = SimpleNamespace(find={"nevus@champion": lambda: one}.get)
    with pytest.raises(NevusError, match="far enough"):
        export_onnx({}, tracked, PARAMS.model_copy(update={"model": "nevus@champion"}))
    assert found[0] is one


def test_an_unknown_run_and_missing_packages_are_named(monkeypatch):
    with pytest.raises(NevusError, match=r"onnx.model: there is no finished run 'supervised/seed1'; did you mean"):
        export(classifier(), PARAMS.model_copy(update={"model": "supervised/seed1"}))
    there = importlib.util.find_spec
    monkeypatch.setattr(nodes, "find_spec", lambda name: None if name == "onnxruntime" else there(name))
    with pytest.raises(
        NevusError, match=r"needs packages that are not installed, onnxruntime: `pip install -e \".\[onnx\]\"`"
    ):
        export(classifier())
