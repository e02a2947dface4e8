import json

import numpy as np
import pandas as pd
import pytest
import torch
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from pydantic import ValidationError
from sklearn.metrics import roc_auc_score

from nevus.contracts import DUPLICATE_COLUMNS, PREDICTION_COLUMNS, CorpusError
from nevus.corpus.options import SplitOptions
from nevus.metrics.predictions import tables_of_parts
from nevus.metrics.titles import WATCHED
from nevus.networks.build import restore
from nevus.pipelines.classifier.nodes import build_classifier_learner, fit_classifier
from nevus.pipelines.classifier.params import ClassifierParams
from nevus.pipelines.cross_validation.nodes import cross_validate, draw_cross_validation, summarise_cross_validation
from nevus.pipelines.cross_validation.tables import collect_predictions
from nevus.pipelines.inference.nodes import predict_test
from nevus.pipelines.ingestion.nodes import pack_corpus, summarise_corpus
from nevus.pipelines.method import create_pipeline
from nevus.pipelines.method import training as training_template
from nevus.pipelines.ssgan.nodes import build_ssgan_learner, fit_ssgan
from nevus.training.late_fusion import fit_metadata, fuse
from nevus.training.options import MetadataOptions, SelectionOptions
from tests.training.fakes import MemoryCheckpoints


def fit(training, validation, params, **changes):
    node, method = (fit_ssgan, "ssgan") if hasattr(params, "objective") else (fit_classifier, "supervised")
    given = {"seed": 0, "variant": None, "checkpoints": MemoryCheckpoints(), "method": method}
    return node(training, validation, params, **{**given, **changes})


@pytest.fixture(scope="module")
def fitted(training, validation, ssgan):
    return fit(training, validation, ssgan)


def test_the_ssgan_hands_over_a_classifier_history_generator_samples_and_progress(fitted, ssgan):
    classifier, history, generator, samples, progress = fitted
    assert all(isinstance(value, torch.Tensor) for value in {**classifier.weights, **generator}.values())
    assert history["step"].tolist() == [5, 10, 15, 20]
    assert samples.shape == (ssgan.samples, 32, 32, 3)
    assert progress.shape == (4, 8 * 32, 8 * 32, 3)
    assert samples.dtype == progress.dtype == np.uint8


FUSED = MetadataOptions(columns=("age", "sex", "site"))


def test_metadata_count_beside_the_image_and_each_is_scored_alone(training, validation, test_set, supervised):
    plain, _ = fit(training, validation, supervised)
    classifier, _ = fit(training, validation, supervised.model_copy(update={"metadata": FUSED}))
    assert all(torch.equal(classifier.weights[name], weights) for name, weights in plain.weights.items())
    assert set(classifier.spec["metadata"]) == {"age", "sex", "site"}

    alone, both = predict_test(plain, test_set), predict_test(classifier, test_set)

    parts = tables_of_parts(both)
    pd.testing.assert_frame_equal(parts["image"][list(PREDICTION_COLUMNS)], alone)
    images = np.stack([1 - alone["probability"], alone["probability"]], axis=1)
    fused = fuse(images, classifier.spec["metadata"], test_set.manifest)
    np.testing.assert_allclose(both["probability"], fused[:, 1], rtol=1e-5)
    assert not np.allclose(both["probability"], alone["probability"], atol=0.01)
    assert tables_of_parts(alone) == {}


def test_images_without_metadata_are_refused_before_anything_is_trained(training, validation, supervised, ssgan):
    bare = training._replace(manifest=training.manifest.assign(age=np.nan))
    for params in (supervised, ssgan):
        checkpoints = MemoryCheckpoints()
        with pytest.raises(CorpusError, match="the fusion with metadata needs the age"):
            fit(bare, validation, params.model_copy(update={"metadata": FUSED}), checkpoints=checkpoints)
        assert not checkpoints.states


def test_gan_and_baseline_start_from_the_same_weights(training, labeled_only, ssgan):
    alone, beside = build_classifier_learner(training, labeled_only, 0), build_ssgan_learner(training, ssgan, 0)
    for name, value in alone.model.state_dict().items():
        assert torch.equal(value, beside.discriminator.state_dict()[name])


def test_training_needs_both_classes_and_unlabeled_images(training, validation, supervised, ssgan):
    labeled = training.manifest["split"] == "labeled"
    one_class = training._replace(manifest=training.manifest[~(labeled & (training.manifest["label"] == 1))])
    no_pool = training._replace(manifest=training.manifest[labeled])
    with pytest.raises(CorpusError, match="melanoma"):
        fit(one_class, validation, supervised)
    with pytest.raises(CorpusError, match="unlabelled"):
        fit(no_pool, validation, ssgan)


def test_a_trained_classifier_predicts_every_test_image(fitted, test_set):
    predictions = predict_test(fitted[0], test_set)
    assert tuple(predictions.columns) == PREDICTION_COLUMNS
    assert predictions["image_id"].tolist() == test_set.manifest["image_id"].tolist()
    assert predictions["probability"].between(0, 1).all()
    assert (predictions["split"] == "test").all()


def test_test_images_of_another_split_are_refused(fitted, test_set):
    with pytest.raises(CorpusError, match="other images, labels or splits"):
        predict_test(fitted[0], test_set._replace(fingerprint="another split"))


def test_a_gan_without_unlabelled_images_is_refused_before_its_baseline_trains(corpus, parameters, ingestion):
    labelled = corpus._replace(manifest=corpus.manifest[corpus.manifest["split"] != "unlabeled"])
    options = SplitOptions.model_validate({**parameters["splits"], "test": "official"})
    pairs = pd.DataFrame(columns=list(DUPLICATE_COLUMNS))
    (assign,) = (node for node in create_pipeline("ssgan").nodes if node.name == "ssgan.assign_splits")
    with pytest.raises(CorpusError, match=r"Add splits\.label_budget=10 to --params"):
        assign.func(labelled, pairs, options, ingestion)
    assert len(assign.func(corpus, pairs, options, ingestion)) == len(corpus.manifest)


def test_a_classifier_says_what_it_was_trained_on(training, validation, supervised):
    origin = {"ingestion": {"format": "phantom"}, "splits": {"label_budget": 7}}
    classifier, history = fit(training._replace(origin=origin), validation, supervised, seed=3, variant="wide")
    record = classifier.record
    assert (record["method"], record["variant"], record["seed"]) == ("supervised", "wide", 3)
    assert record["corpus"] == training.fingerprint
    assert record["images"] == {"labeled": 40, "unlabeled": 60}
    assert record["parameters"]["supervised"]["loop"]["steps"] == supervised.loop.steps
    assert record["parameters"]["splits"] == {"label_budget": 7}
    assert record["code"].keys() == {"nevus", "source", "torch"}
    assert record["network"]["parameters"] == sum(
        parameter.numel() for parameter in restore(classifier.spec, classifier.weights).parameters()
    )
    assert record["network"]["flops"] > 0
    steps, seconds = supervised.loop.steps, history["seconds"].iloc[-1]
    speed = pytest.approx(steps * supervised.loop.labeled_batch / seconds, rel=0.01)
    assert record["training"] == {"steps": steps, "seconds": seconds, "images_per_second": speed}
    assert np.array_equal(classifier.example, training.pixels[:2])
    assert classifier.spec["classes"] == ["benign", "melanoma"]


def test_an_update_reads_labelled_and_unlabelled_images(parameters, supervised, ssgan):
    fixmatch = ClassifierParams.model_validate(parameters["fixmatch"])
    assert supervised.images_a_step == supervised.loop.labeled_batch == 8
    assert fixmatch.images_a_step == 8 + 8
    twice = ssgan.model_copy(update={"discriminator_steps": 2})
    assert twice.images_a_step == 2 * (8 + 8) + 8  # the generator's update reads unlabelled ones of its own


def test_the_step_is_chosen_by_validation_images_alone(training, test_set, validation, supervised):
    chosen_by = test_set._replace(manifest=test_set.manifest.assign(split="validation"))
    params = supervised.model_copy(update={"selection": SelectionOptions(metric="auc", every=5, patience=None)})
    _, history = fit(training, chosen_by, params)
    looked = {name for name in history.columns if name.startswith(("validation_", "training_"))}
    assert looked == {f"{images}_{metric}" for images in ("validation", "training") for metric in WATCHED}
    assert history.loc[history["step"] % 5 == 0, sorted(looked)].notna().all(axis=None)
    assert history[sorted(looked)].stack().between(0, 1).all()
    with pytest.raises(CorpusError, match=r"selection.*splits.validation"):
        fit(training, validation, params)


@pytest.mark.parametrize(("mode", "images"), [("none", 40), ("all", 120), ("positives", 60)])
def test_copies_of_training_images_train_and_no_others(training, supervised, mode, images):
    copies = supervised.copies.model_copy(update={"mode": mode, "number": 2, "ratio": 2.0, "positives": ("melanoma",)})
    batches = build_classifier_learner(training, supervised.model_copy(update={"copies": copies}), 0).batches
    assert len(batches.pool) == len(batches.labels) == images
    kept = build_classifier_learner(training, supervised.model_copy(update={"copies": copies}), 0).batches.pool
    every = np.arange(images)
    assert torch.equal(batches.pool.images(every), kept.images(every))  # a copy is the same whenever it is made


def test_a_seed_decides_everything(training, validation, supervised):
    first, again, other = (fit(training, validation, supervised, seed=seed)[0].weights for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_the_template_of_a_method_runs_from_corpus_to_predictions(training, validation, test_set, supervised):
    catalog = DataCatalog(
        {
            "corpus@training": MemoryDataset(training, copy_mode="assign"),
            "corpus@validation": MemoryDataset(validation, copy_mode="assign"),
            "corpus@test": MemoryDataset(test_set, copy_mode="assign"),
            "params:supervised": MemoryDataset(supervised),
            "params:seed": MemoryDataset(0),
            "params:variant": MemoryDataset(None),
            "checkpoints": MemoryDataset(MemoryCheckpoints(), copy_mode="assign"),
            "finished_runs": MemoryDataset({}),
        }
    )
    outputs = SequentialRunner().run(training_template("supervised"), catalog)
    assert len(outputs["predictions"].load()) == len(test_set.manifest)


@pytest.mark.parametrize(
    ("block", "where", "says"),
    [
        ({"name": "fixmach"}, ("algorithm",), "there is no 'fixmach' in nevus.algorithms"),
        ({"name": "supervised", "temperature": 2}, ("algorithm", "temperature"), "Extra inputs"),
    ],
)
def test_an_algorithms_own_options_are_checked_at_their_place(parameters, block, where, says):
    with pytest.raises(ValidationError) as caught:
        ClassifierParams.model_validate({**parameters["supervised"], "algorithm": block})
    (problem,) = caught.value.errors()
    assert problem["loc"] == where
    assert says in problem["msg"]


def test_unlabelled_views_that_nobody_reads_are_refused(parameters):
    block = {**parameters["supervised"], "unlabeled": parameters["classifier"]["unlabeled"]}
    with pytest.raises(ValidationError, match="reads no unlabelled images"):
        ClassifierParams.model_validate(block)


def score(training, labeled_only, options, checkpoints=None):
    return cross_validate(
        training,
        labeled_only,
        0,
        options,
        checkpoints or MemoryCheckpoints(),
        method="labeled_only",
        learner_of=build_classifier_learner,
    )


def test_cross_validation_never_trains_on_the_fold_it_scores(training, labeled_only, cross_validation):
    from nevus.pipelines.cross_validation import nodes

    seen = []

    def watching(rest, params, seed, ancestors):
        seen.append(set(rest.manifest["image_id"]))
        return build_classifier_learner(rest, params, seed, ancestors)

    labeled = training.manifest[training.manifest["split"] == "labeled"]
    folds = [set(labeled["image_id"].iloc[held_out]) for _, _, held_out in nodes.deal(training, cross_validation)]
    scores, predictions = cross_validate(
        training, labeled_only, 0, cross_validation, MemoryCheckpoints(), method="labeled_only", learner_of=watching
    )
    assert [not (fold & trained) for fold, trained in zip(folds, seen, strict=True)] == [True, True]
    assert scores[["accuracy", "auc"]].stack().between(0, 1).all()
    assert len(draw_cross_validation(scores).axes) == 2
    assert [set(predictions.loc[predictions["fold"] == fold, "image_id"]) for fold in (0, 1)] == folds
    for fold, table in predictions.groupby("fold"):
        last = scores[(scores["fold"] == fold) & (scores["step"] == 20)].iloc[0]
        assert roc_auc_score(table["label"], table["probability"]) == pytest.approx(last["auc"])
        assert ((table["probability"] >= 0.5) == table["label"]).mean() == pytest.approx(last["accuracy"])
    together, each = collect_predictions(predictions, predictions.iloc[:0])
    assert together.equals(predictions.reset_index(drop=True))
    assert list(each) == ["labeled_only"]
    assert set(each["labeled_only"]["corpus"]) == {training.fingerprint}
    (text,) = each["labeled_only"]["parameters"].unique()
    assert json.loads(text) == labeled_only.model_dump(mode="json")
    everything, summary = summarise_cross_validation(scores, scores.iloc[:0])
    assert everything.equals(scores)
    mean = scores.loc[scores["step"] == 20, "auc"].mean()
    assert summary.set_index("step").loc[20, "auc"] == pytest.approx(mean, abs=1e-4)


def test_cross_validation_scores_what_would_be_predicted_with_metadata(training, labeled_only, cross_validation):
    """The metadata are learnt without the fold that they are scored on."""
    from nevus.pipelines.cross_validation import nodes

    _, plain = score(training, labeled_only, cross_validation)
    _, both = score(training, labeled_only.model_copy(update={"metadata": FUSED}), cross_validation)
    labeled = training.manifest[training.manifest["split"] == "labeled"]
    for fold, (_, _, held_out) in enumerate(nodes.deal(training, cross_validation)):
        rest = labeled.drop(labeled.index[held_out])
        learnt = fit_metadata(rest, training.classes, FUSED.columns)
        image = plain.loc[plain["fold"] == fold, "probability"].to_numpy()
        wanted = fuse(np.stack([1 - image, image], axis=1), learnt, labeled.iloc[held_out])[:, 1]
        np.testing.assert_allclose(both.loc[both["fold"] == fold, "probability"], wanted, rtol=1e-4)


def test_a_method_that_is_not_asked_for_is_not_trained(training, labeled_only, cross_validation):
    options = cross_validation.model_copy(update={"methods": ["ssgan"]})
    assert [len(table) for table in score(training, labeled_only, options)] == [0, 0]


def test_images_of_one_lesion_share_a_fold(training, cross_validation):
    from nevus.pipelines.cross_validation.nodes import deal

    labeled = training.manifest[training.manifest["split"] == "labeled"]
    assert labeled["group_id"].duplicated().any(), "the phantom has lesions with two images"
    for _, _, held_out in deal(training, cross_validation):
        inside = set(labeled["group_id"].iloc[held_out])
        outside = set(labeled["group_id"].drop(labeled.index[held_out]))
        assert not inside & outside


def test_unlabelled_images_of_a_held_out_lesion_are_not_trained_on(training, cross_validation):
    """A label budget hides some images of a lesion and keeps others."""
    from nevus.pipelines.cross_validation.nodes import deal, set_apart

    manifest = training.manifest.copy()
    lesions = manifest.loc[manifest["split"] == "labeled", "group_id"].tolist()
    unlabeled = manifest.index[manifest["split"] == "unlabeled"]
    manifest.loc[unlabeled[: len(lesions)], "group_id"] = lesions
    siblings = training._replace(manifest=manifest)
    _, _, held_out = next(deal(siblings, cross_validation))
    kept = set_apart(siblings, held_out).manifest
    assert not set(kept["group_id"]) & {lesions[position] for position in held_out}
    assert len(kept) == len(manifest) - 2 * len(held_out)


def test_copies_of_a_held_out_file_are_not_trained_on(training, cross_validation):
    """Neither labelled ones, which go where their file goes, nor unlabelled ones."""
    from nevus.pipelines.cross_validation.nodes import deal, set_apart

    manifest = training.manifest.assign(group_id=None, sha256=[f"{row:064x}" for row in training.manifest["row"]])
    labeled = manifest.index[manifest["split"] == "labeled"]
    unlabeled = manifest.index[manifest["split"] == "unlabeled"]
    for first, copies in ((0, labeled[1::2]), (1, unlabeled)):
        originals = labeled[::2][: len(copies)]
        manifest.loc[copies[: len(originals)], "sha256"] = manifest.loc[originals, "sha256"].to_numpy()
        assert manifest["sha256"].duplicated().sum() == (first + 1) * len(originals)
    copied = training._replace(manifest=manifest)
    for _, _, held_out in deal(copied, cross_validation):
        contents = set(manifest.loc[labeled[held_out], "sha256"])
        assert not contents & set(set_apart(copied, held_out).manifest["sha256"])


def test_an_interrupted_cross_validation_keeps_its_finished_folds(training, labeled_only, cross_validation):
    checkpoints = MemoryCheckpoints()
    first = score(training, labeled_only, cross_validation, checkpoints)
    saved = checkpoints.saved
    again = score(training, labeled_only, cross_validation, checkpoints)
    assert all(table.equals(before) for table, before in zip(again, first, strict=True))
    assert checkpoints.saved == saved


def test_the_summary_counts_images_groups_and_what_was_set_aside(corpus):
    quarantine = pd.DataFrame({"file": ["a.txt"], "reason": ["not an image"]})
    assignment = corpus.manifest[["image_id", "split", "label"]].copy()
    assignment.loc[assignment.index[-1], "split"] = None
    table = summarise_corpus(corpus, assignment, quarantine).set_index(["split", "class"])
    assert table.loc[("labeled", "benign"), "images"] == 20
    assert table.loc[("unlabeled", "unknown"), "images"] == 60
    assert table.loc[("left out", "-"), "images"] == 1
    assert table.loc[("quarantined", "-"), "images"] == 1
    assert table["images"].sum() == len(corpus.manifest) + 1


def test_packing_is_only_described_by_its_node(ingestion):
    recipe = pack_corpus(None, ingestion)
    assert recipe.total == 140
    assert pack_corpus(None, ingestion.model_copy(update={"size": 40})).fingerprint != recipe.fingerprint
