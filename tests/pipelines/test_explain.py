"""What a run says of one image, and what that rests on."""

import base64

import numpy as np
import pytest

from nevus.contracts import Classifier, Corpus, NevusError
from nevus.io.listed_files import ListedFiles
from nevus.io.raw_files import FolderSource
from nevus.pipelines.classifier.nodes import fit_classifier
from nevus.pipelines.explain.neighbours import run_of
from nevus.pipelines.explain.nodes import draw, explain_image, write_page
from nevus.pipelines.explain.params import ExplainParams
from nevus.pipelines.inference import heat_maps
from nevus.pipelines.inference.scoring import Scorer, with_number
from nevus.pipelines.reporting.params import EvaluationParams
from nevus.training.attribution import NoFeatureMapError
from nevus.training.runtime import prediction_runtime
from tests.fakes import encode, fake_jpeg, write_folder
from tests.training.fakes import MemoryCheckpoints


class NoStore:
    def find(self, reference: str) -> None:
        return None


@pytest.fixture(scope="module")
def classifier(training: Corpus, validation: Corpus, supervised) -> Classifier:
    return fit_classifier(training, validation, supervised, 0, None, MemoryCheckpoints(), method="supervised")[0]


@pytest.fixture(scope="module")
def ensemble(classifier: Classifier) -> Classifier:
    other = {key: value + 0.1 if value.is_floating_point() else value for key, value in classifier.weights.items()}
    spec = {key: classifier.spec[key] for key in ("size", "classes", "prior")}
    spec["members"] = {"supervised/seed0": classifier.spec, "supervised/seed1": classifier.spec}
    return classifier._replace(weights=with_number(classifier.weights, 0) | with_number(other, 1), spec=spec)


@pytest.fixture(scope="module")
def explained(training, ingestion, parameters):
    """Explains the first labelled image, or another one, by a classifier."""
    evaluation = EvaluationParams.model_validate(parameters["evaluation"])
    asked: list[str] = []

    def explain(classifier: Classifier, image, known: Corpus | None = training):
        params = ExplainParams.model_validate(parameters["explain"])
        runs = {"supervised/seed0": lambda: classifier}

        def training_images(run: str) -> Corpus | None:
            asked.append(run)
            return known

        return explain_image(image, training_images, runs, NoStore(), params, ingestion, evaluation)

    return explain


@pytest.fixture(scope="module")
def lesion(training, tmp_path_factory):
    """The first labelled training image."""
    folder = tmp_path_factory.mktemp("lesion")
    (folder / "mine.png").write_bytes(encode(np.asarray(training.pixels[0]), "PNG"))
    return ListedFiles(folder, "mine.png")


def page_of(answer) -> str:
    return write_page(answer, b"a figure")


def test_an_image_is_called_as_it_is_scored_and_lies_nearest_to_itself(explained, classifier, training, lesion):
    answer = explained(classifier, lesion)
    scores = Scorer(classifier.spec, classifier.weights)
    want = scores.score(training.pixels[:1], training.manifest[:1], prediction_runtime()).probabilities[0]
    np.testing.assert_allclose(answer.probabilities, want, atol=1e-6)
    assert answer.called == int(want[1] > 0.5)
    assert answer.heat.shape == (256, 256)
    assert 0 <= answer.heat.min() <= answer.heat.max() <= 1
    first, second = answer.neighbours[:2]
    assert first.image_id == training.manifest["image_id"].iloc[0]
    assert first.distance == pytest.approx(0, abs=1e-5)
    assert second.distance >= first.distance
    assert len(answer.neighbours) == 6


def test_the_page_says_it_all_and_for_what_it_is(explained, classifier, lesion):
    answer = explained(classifier, lesion)
    page = page_of(answer)
    assert f"Called {answer.classes[answer.called]}." in page
    assert f"{100 * answer.probabilities[1]:.1f}%" in page
    assert "This is one network" in page
    assert "not set right" in page
    assert "Grad-CAM" in page
    assert "Research use only" in page
    assert base64.b64encode(b"a figure").decode() in page
    assert min(len(row.axes) for row in draw(answer).subfigs) >= 2


def test_an_ensemble_tells_how_far_its_members_are_apart(explained, ensemble, lesion):
    answer = explained(ensemble, lesion)
    shares = [one[1] for one in answer.members.values()]
    page = page_of(answer)
    assert f"say {100 * min(shares):.1f}% to {100 * max(shares):.1f}% for melanoma" in page
    assert "supervised/seed1" in page
    assert answer.probabilities[1] == pytest.approx(np.mean(shares), abs=1e-6)
    assert answer.neighbours[0].distance == pytest.approx(0, abs=1e-5)


def test_the_threshold_and_the_calibration_are_those_of_the_run(explained, classifier, lesion):
    for threshold, called in ((0.0001, "melanoma"), (0.9999, "benign")):
        spec = {**classifier.spec, "threshold": threshold, "calibration": {"kind": "temperature", "temperature": 1.0}}
        page = page_of(explained(classifier._replace(spec=spec), lesion))
        assert f"Called {called}." in page
        assert "calibrated on out-of-fold predictions of the training images (temperature 1.00)" in page


def test_what_is_not_to_be_had_is_left_out_with_a_sentence(explained, classifier, training, lesion, monkeypatch):
    def none(*_):
        raise NoFeatureMapError("it has no feature map.")

    monkeypatch.setattr(heat_maps, "heat_maps", none)
    for known in (None, training._replace(fingerprint="others")):
        answer = explained(classifier, lesion, known)
        page = page_of(answer)
        assert "There is no heat map: it has no feature map." in page
        assert "No labelled training images are shown." in page
        assert len(draw(answer).subfigs[0].axes) == 1


def test_an_image_unlike_all_others_is_said_to_be_so(explained, classifier, lesion):
    from dataclasses import replace

    answer = explained(classifier, lesion)
    far = [replace(one, distance=0.5) for one in answer.neighbours]
    assert "its answer is a guess" in page_of(replace(answer, neighbours=far, typical=0.1))
    assert "its answer is a guess" not in page_of(replace(answer, neighbours=far, typical=0.4))


def test_runs_are_found_by_their_records():
    assert run_of({"method": "ssgan", "variant": "wide", "seed": 3}) == "ssgan-wide/seed3"
    assert run_of({"method": "ensemble", "variant": "", "seed": 0}) == "ensemble/seed0"


def test_anything_but_one_image_that_can_be_read_is_refused(explained, classifier, tmp_path):
    with pytest.raises(NevusError, match="--params image="):
        explained(classifier, None)
    write_folder(tmp_path, {"a.jpg": fake_jpeg(0), "b.jpg": b"none"})
    with pytest.raises(NevusError, match="takes one image, but 2 are there, such as 'a'"):
        explained(classifier, FolderSource(tmp_path))
    with pytest.raises(NevusError, match=r"'b\.jpg' cannot be read: content is in no known image format"):
        explained(classifier, ListedFiles(tmp_path, "b.jpg"))
