"""A finished run scores the images that its source has for testing."""

from dataclasses import dataclass

import numpy as np
import pytest

from nevus.contracts import Classifier, Corpus, CorpusError, NevusError, SourceError
from nevus.corpus.pack import recipe
from nevus.io.listed_files import ListedFiles
from nevus.io.raw_files import FolderSource, ZipSource
from nevus.metrics.predictions import probabilities_of
from nevus.pipelines.classifier.nodes import fit_classifier
from nevus.pipelines.inference.nodes import predict_test, score_images
from nevus.pipelines.inference.params import InferenceParams
from nevus.pipelines.inference.prevalence import corrected, target
from nevus.pipelines.inference.scoring import Scorer, with_number
from nevus.pipelines.reporting.params import EvaluationParams
from nevus.readers.unlabelled import read
from nevus.training.runtime import prediction_runtime
from tests.fakes import encode, fake_jpeg, fake_pixels, write_folder, write_zip
from tests.training.fakes import MemoryCheckpoints

RUN = "supervised/seed0"


@dataclass
class Tracked:
    """A store with one registered model."""

    classifier: Classifier

    def find(self, reference: str):
        if "@" not in reference:
            return None
        if reference != "nevus@champion":
            raise NevusError("no such alias")
        return lambda: self.classifier


@pytest.fixture(scope="module")
def classifier(training: Corpus, validation: Corpus, supervised) -> Classifier:
    return fit_classifier(training, validation, supervised, 0, None, MemoryCheckpoints(), method="supervised")[0]


@pytest.fixture(scope="module")
def score(classifier, ingestion, parameters):
    """Scores images by the classifier, or by a changed one."""
    evaluation = EvaluationParams.model_validate(parameters["evaluation"])

    def scored(images=None, changed: Classifier | None = None, /, *, packing=ingestion, **given):
        params = InferenceParams.model_validate(parameters["inference"] | given)
        runs = {RUN: lambda: changed or classifier}
        decoding = packing.model_copy(update={"workers": 0})
        return score_images(images, lambda: None, runs, Tracked(classifier), params, decoding, evaluation)

    return scored


def ensemble_of(*members: Classifier) -> Classifier:
    weights = {}
    for number, one in enumerate(members):
        weights |= with_number(one.weights, number)
    spec = {"members": {f"seed{n}": one.spec for n, one in enumerate(members)}}
    return members[0]._replace(weights=weights, spec=spec | {key: members[0].spec[key] for key in ("size", "classes")})


def other(classifier: Classifier) -> Classifier:
    """Another network of the same kind."""
    weights = {name: value + 0.1 if value.is_floating_point() else value for name, value in classifier.weights.items()}
    return classifier._replace(weights=weights)


def test_without_images_those_of_the_test_are_scored_in_the_order_of_the_source(score, classifier, test_set):
    table = score()
    assert list(table.columns) == ["image_name", "target"]
    assert table["image_name"].tolist() == test_set.manifest["image_id"].tolist()
    np.testing.assert_allclose(table["target"], probabilities_of(predict_test(classifier, test_set)), atol=1e-6)


def odd_files() -> dict[str, bytes]:
    """Images of many sizes and formats, on which ways of resizing differ."""
    rng = np.random.default_rng(0)
    noise = {
        f"noise{n}.png": encode(rng.integers(0, 256, (90, 60 + 40 * n, 3), dtype=np.uint8), "PNG") for n in range(4)
    }
    large = {
        "large.jpg": fake_jpeg(5, 600, 900),
        "same.jpg": fake_jpeg(6, 32, 32),
        "small.bmp": encode(fake_pixels(7), "BMP"),
    }
    return noise | large


@pytest.mark.parametrize("resize", ["squash", "crop", "pad"])
def test_probabilities_are_those_of_packed_images(score, classifier, ingestion, tmp_path, resize):
    source = FolderSource(write_folder(tmp_path / "images", odd_files()))
    trained = classifier._replace(record={"parameters": {"ingestion": {"resize": resize}}})
    listing = read(source)
    listing = type(listing)(listing.records.assign(split="test", source="x"), listing.quarantine, source)
    limits = {"chunk": 4, "workers": 0, "max_pixels": 10**7, "max_quarantined_share": 0.0}
    pixels = np.concatenate([part[0] for part in recipe(listing, size=32, resize=resize, **limits).chunks()])
    packed = Scorer(trained.spec, trained.weights).score(pixels, listing.records, prediction_runtime())

    other_way = "pad" if resize != "pad" else "squash"
    table = score(source, trained, packing=ingestion.model_copy(update={"resize": other_way, "chunk": 3}))

    np.testing.assert_allclose(table["target"], packed.probabilities[:, 1], atol=1e-3)


def test_a_folder_an_archive_and_a_list_of_paths_are_scored_alike(score, tmp_path):
    files = odd_files()
    folder = write_folder(tmp_path / "images", files)
    (tmp_path / "list.csv").write_text("path\n" + "\n".join(f"images/{name}" for name in sorted(files, reverse=True)))
    found = [
        score(FolderSource(folder)),
        score(ZipSource(write_zip(tmp_path / "x.zip", files))),
        score(ListedFiles(tmp_path, "list.csv"))[::-1],
    ]
    assert found[0]["image_name"].tolist() == [name.partition(".")[0] for name in sorted(files)]
    for one in found:
        np.testing.assert_allclose(one["target"], found[0]["target"], rtol=1e-5)


def test_images_that_cannot_be_read_keep_their_row_with_a_reason_and_no_number(score, tmp_path):
    files = {"a.jpg": fake_jpeg(0), "b.jpg": b"none", "c.heic": b"", "d.jpg": fake_jpeg(1)[:200], "e.jpg": fake_jpeg(2)}
    table = score(FolderSource(write_folder(tmp_path, files)), columns=["decision"])
    assert table["image_name"].tolist() == ["a", "b", "c", "d", "e"]
    assert table["target"].isna().tolist() == [False, True, True, True, False]
    assert table["decision"].isna().tolist() == table["target"].isna().tolist()
    assert [reason.partition(":")[0] for reason in table["reason"].fillna("")] == [
        "",
        "content is in no known image format",
        "HEIC photograph, which is not read",
        "image is truncated",
        "",
    ]


def test_a_list_of_paths_that_lead_nowhere_keeps_its_rows(score, tmp_path):
    write_folder(tmp_path, {"a.jpg": fake_jpeg(0)})
    (tmp_path / "list.csv").write_text("file\nb.jpg\na.jpg\n")
    table = score(ListedFiles(tmp_path, "list.csv"))
    assert table["reason"].fillna("").tolist() == ["no such file: b.jpg", ""]


def test_where_no_image_can_be_read_the_first_is_named(score, tmp_path):
    source = FolderSource(write_folder(tmp_path, {"a.jpg": b"x", "b.jpg": b"y"}))
    with pytest.raises(CorpusError, match=r"none of 2 images could be read; the first is 'a\.jpg': content is in no"):
        score(source)


def test_an_empty_folder_is_refused(score, tmp_path):
    with pytest.raises(SourceError, match="found none among 0 files"):
        score(FolderSource(tmp_path))


def test_the_class_is_called_by_the_threshold_that_the_run_chose(score, classifier, test_set):
    table = score(columns=["decision"])
    assert table["decision"].tolist() == np.where(table["target"] > 0.5, "melanoma", "benign").tolist()
    middle = float(table["target"].median())
    called = score(None, classifier._replace(spec={**classifier.spec, "threshold": middle}), columns=["decision"])
    assert (called["decision"] == "melanoma").tolist() == (table["target"] > middle).tolist()
    assert set(called["decision"]) == {"benign", "melanoma"}


def test_an_ensemble_says_how_far_its_members_are_apart(score, classifier):
    members = [classifier, other(classifier)]
    table = score(None, ensemble_of(*members), columns=["spread"])
    each = np.stack([score(None, one)["target"] for one in members])
    np.testing.assert_allclose(table["target"], each.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(table["spread"], each.std(axis=0), atol=1e-6)
    assert (table["spread"] > 0).any()


def test_one_network_has_no_spread(score):
    with pytest.raises(NevusError, match=r"supervised/seed0 is one network.*pipeline=ensemble"):
        score(columns=["spread"])


def test_the_symmetries_may_be_left_out_of_all_members(score, classifier):
    ensemble = ensemble_of(classifier, other(classifier))
    whole, quick = score(None, ensemble), score(None, ensemble, average_d4=False)
    assert not np.allclose(whole["target"], quick["target"])
    np.testing.assert_allclose(score(None, ensemble, average_d4=True)["target"], whole["target"])


def test_no_more_than_a_chunk_is_in_the_hands_of_the_network(score, ingestion, monkeypatch, tmp_path):
    seen, plain = [], Scorer.score

    def watched(self, pixels, *rest):
        seen.append(len(pixels))
        return plain(self, pixels, *rest)

    monkeypatch.setattr(Scorer, "score", watched)
    files = {f"{number:02}.jpg": fake_jpeg(number) for number in range(10)}
    table = score(FolderSource(write_folder(tmp_path, files)), packing=ingestion.model_copy(update={"chunk": 4}))
    assert seen == [4, 4, 2]
    assert table["target"].notna().all()


def test_bfloat16_moves_probabilities_little(score):
    exact, quick = score()["target"], score(precision="bfloat16")["target"]
    np.testing.assert_allclose(quick, exact, atol=0.01)
    assert not np.array_equal(quick, exact)


def test_more_than_two_classes_have_a_column_each(score, classifier, monkeypatch, tmp_path):
    from nevus.pipelines.inference import scoring

    three = classifier._replace(spec={**classifier.spec, "classes": ["a", "b", "c"]})
    said = scoring.Scores(np.array([[0.1, 0.2, 0.7]], dtype=np.float32), {})
    monkeypatch.setattr(scoring, "Scorer", lambda *_: type("Says", (), {"score": lambda self, *_: said})())

    table = score(FolderSource(write_folder(tmp_path, {"a.jpg": fake_jpeg(0)})), three, columns=["decision"])

    assert list(table.columns) == ["image_name", "a", "b", "c", "decision"]
    assert table["decision"].tolist() == ["c"]


def test_a_run_that_is_not_there_is_named_with_the_nearest(score):
    with pytest.raises(NevusError, match=r"no finished run 'supervised/seed1'; did you mean 'supervised/seed0'\?"):
        score(model="supervised/seed1")


def test_a_model_out_of_the_tracking_store_scores_as_the_run_does(score):
    np.testing.assert_array_equal(score(model="nevus@champion")["target"], score()["target"])
    with pytest.raises(NevusError, match=r"inference\.model: no such alias"):
        score(model="nevus@other")


def test_test_images_of_other_classes_are_refused_and_other_sizes_are_resized(score, classifier, ingestion):
    with pytest.raises(
        CorpusError, match=r"tells benign, other apart, but these are images of the classes benign, mel"
    ):
        score(None, classifier._replace(spec={**classifier.spec, "classes": ["benign", "other"]}))
    larger = score(packing=ingestion.model_copy(update={"size": 64}))
    np.testing.assert_allclose(larger["target"], score()["target"])


def test_a_source_without_test_images_says_so(score, ingestion):
    phantom = ingestion.phantom.model_copy(update={"test": 0})
    with pytest.raises(CorpusError, match="the source has no test images"):
        score(packing=ingestion.model_copy(update={"phantom": phantom}))


def test_a_stated_prevalence_shifts_the_log_odds_from_those_of_the_balanced_batches(score, classifier):
    assert classifier.spec["prior"] == [0.5, 0.5]
    plain = score()["target"].to_numpy(dtype=np.float64)
    rare = score(prevalence={"melanoma": 0.02})
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
