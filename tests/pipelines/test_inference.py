"""A finished run scores the images that its source has for testing."""

from functools import partial

import numpy as np
import pytest

from nevus.contracts import Classifier, Corpus, CorpusError, NevusError
from nevus.metrics.predictions import probabilities_of
from nevus.pipelines.classifier.nodes import fit_classifier
from nevus.pipelines.inference.nodes import predict_test, score_test_images
from nevus.pipelines.inference.params import InferenceParams
from nevus.pipelines.inference.prevalence import corrected, target
from tests.training.fakes import MemoryCheckpoints

RUN = InferenceParams(model="supervised/seed0", prevalence=None)


@pytest.fixture(scope="module")
def classifier(training: Corpus, validation: Corpus, supervised) -> Classifier:
    return fit_classifier(training, validation, supervised, 0, None, MemoryCheckpoints(), method="supervised")[0]


def scored(packed: Corpus, classifier: Classifier, params: InferenceParams = RUN):
    return score_test_images(packed, {"supervised/seed0": partial(lambda one: one, classifier)}, params)


def test_every_test_image_has_a_line_in_the_order_of_the_source_with_or_without_a_label(corpus, classifier, test_set):
    hidden = corpus._replace(manifest=corpus.manifest.assign(label=corpus.manifest["label"].astype("Float64") * np.nan))

    for packed in (corpus, hidden):
        table = scored(packed, classifier)
        assert list(table.columns) == ["image_name", "target"]
        assert table["image_name"].tolist() == test_set.manifest["image_id"].tolist()
        np.testing.assert_allclose(table["target"], probabilities_of(predict_test(classifier, test_set)), atol=1e-6)


def test_more_than_two_classes_have_a_column_each(corpus, classifier, monkeypatch):
    from nevus.pipelines.inference import scoring

    three = classifier._replace(spec={**classifier.spec, "classes": ["a", "b", "c"]})
    said = scoring.Scores(np.full((40, 3), 1 / 3, dtype=np.float32), {})
    monkeypatch.setattr(scoring, "Scorer", lambda *_: type("Says", (), {"score": lambda self, *_: said})())

    table = scored(corpus._replace(classes=("a", "b", "c")), three)

    assert list(table.columns) == ["image_name", "a", "b", "c"]


def test_a_run_that_is_not_there_is_named_with_the_nearest(corpus, classifier):
    with pytest.raises(NevusError, match=r"no finished run 'supervised/seed1'; did you mean 'supervised/seed0'\?"):
        scored(corpus, classifier, InferenceParams(model="supervised/seed1", prevalence=None))


def test_images_that_the_run_cannot_read_are_refused(corpus, classifier):
    with pytest.raises(CorpusError, match="on images of 64 pixels, but these are of 32 pixels"):
        scored(corpus, classifier._replace(spec={**classifier.spec, "size": 64}))
    with pytest.raises(CorpusError, match="tells benign, other apart"):
        scored(corpus, classifier._replace(spec={**classifier.spec, "classes": ["benign", "other"]}))


def test_a_source_without_test_images_says_so(training, classifier):
    with pytest.raises(CorpusError, match="the source has no test images"):
        scored(training, classifier)


def test_a_stated_prevalence_shifts_the_log_odds_from_those_of_the_balanced_batches(corpus, classifier):
    assert classifier.spec["prior"] == [0.5, 0.5]
    plain = scored(corpus, classifier)["target"].to_numpy(dtype=np.float64)
    rare = scored(corpus, classifier, InferenceParams(model="supervised/seed0", prevalence={"melanoma": 0.02}))
    shifted = np.log(rare["target"] / (1 - rare["target"])) - np.log(plain / (1 - plain))
    np.testing.assert_allclose(shifted, np.log(0.02 / 0.98), rtol=1e-3)


def test_classes_that_are_not_named_share_the_rest_as_they_did_before():
    found = target({"b": 0.1}, ("a", "b", "c"), (0.2, 0.5, 0.3))
    np.testing.assert_allclose(found, [0.9 * 0.4, 0.1, 0.9 * 0.6])
    spec = {"classes": ["a", "b", "c"], "prior": [0.2, 0.5, 0.3]}
    same = np.array([[0.2, 0.5, 0.3], [0.7, 0.1, 0.2]], dtype=np.float32)
    np.testing.assert_allclose(corrected(same, spec, {"b": 0.5}, name="run"), same, rtol=1e-6)


@pytest.mark.parametrize(
    ("prevalence", "said"),
    [
        ({"nevus": 0.1}, "no class 'nevus'. Classes: a, b"),
        ({"a": 0.7, "b": 0.4}, "those of all classes have to add up to 1"),
    ],
)
def test_a_prevalence_that_cannot_be_is_refused(prevalence, said):
    with pytest.raises(NevusError, match=said):
        target(prevalence, ("a", "b"), (0.5, 0.5))


def test_a_run_that_does_not_say_its_prior_cannot_be_corrected():
    with pytest.raises(NevusError, match="Train it again"):
        corrected(np.full((1, 2), 0.5, dtype=np.float32), {"classes": ["a", "b"]}, {"b": 0.1}, name="old/seed0")
