import numpy as np
import pytest
import torch
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from nevus.contracts import PREDICTION_COLUMNS, CorpusError
from nevus.pipelines.cross_validation.nodes import cross_validate, draw_cross_validation, summarise_cross_validation
from nevus.pipelines.inference.nodes import predict_test
from nevus.pipelines.inference.pipeline import create_pipeline as inference
from nevus.pipelines.ingestion.nodes import pack_corpus, summarise_corpus
from nevus.pipelines.ssgan.nodes import fit_ssgan
from nevus.pipelines.supervised.nodes import fit_supervised, package_classifier
from nevus.pipelines.supervised.pipeline import create_pipeline as supervised
from tests.training.fakes import MemoryCheckpoints


@pytest.fixture(scope="module")
def fitted(training, classifier, ssgan):
    return fit_ssgan(training, classifier, ssgan, MemoryCheckpoints())


def test_the_ssgan_hands_over_weights_history_samples_and_progress(fitted, ssgan):
    weights, generator, history, samples, progress = fitted
    assert all(isinstance(value, torch.Tensor) for value in {**weights, **generator}.values())
    assert history["step"].tolist() == [5, 10, 15, 20]
    assert samples.shape == (ssgan.samples, 32, 32, 3)
    assert progress.shape == (4, 8 * 32, 8 * 32, 3)
    assert samples.dtype == progress.dtype == np.uint8


def test_gan_and_baseline_start_from_the_same_weights(training, classifier, ssgan):
    from nevus.pipelines.ssgan.nodes import ssgan_trainer
    from nevus.pipelines.supervised.nodes import supervised_trainer

    alone, beside = supervised_trainer(training, classifier), ssgan_trainer(training, classifier, ssgan)
    for name, value in alone.model.state_dict().items():
        assert torch.equal(value, beside.discriminator.state_dict()[name])


def test_training_needs_both_classes_and_unlabeled_images(training, classifier, ssgan):
    labeled = training.manifest["split"] == "labeled"
    one_class = training._replace(manifest=training.manifest[~(labeled & (training.manifest["label"] == 1))])
    no_pool = training._replace(manifest=training.manifest[labeled])
    with pytest.raises(CorpusError, match="melanoma"):
        fit_supervised(one_class, classifier, MemoryCheckpoints())
    with pytest.raises(CorpusError, match="unlabelled"):
        fit_ssgan(no_pool, classifier, ssgan, MemoryCheckpoints())


def test_a_packaged_classifier_predicts_every_test_image(fitted, training, test_set, classifier):
    packaged = package_classifier(fitted[0], training, classifier)
    predictions = predict_test(packaged, test_set)
    assert tuple(predictions.columns) == PREDICTION_COLUMNS
    assert predictions["image_id"].tolist() == test_set.manifest["image_id"].tolist()
    assert predictions["probability"].between(0, 1).all()
    assert (predictions["split"] == "test").all()


def test_packaged_examples_are_training_images(fitted, training, classifier):
    packaged = package_classifier(fitted[0], training, classifier)
    assert np.array_equal(packaged.example, training.pixels[:2])
    assert packaged.spec["classes"] == ["benign", "melanoma"]


def test_the_supervised_slice_runs_from_corpus_to_predictions(training, test_set, classifier):
    catalog = DataCatalog(
        {
            "corpus@training": MemoryDataset(training, copy_mode="assign"),
            "corpus@test": MemoryDataset(test_set, copy_mode="assign"),
            "params:classifier": MemoryDataset(classifier),
            "supervised.checkpoints": MemoryDataset(MemoryCheckpoints(), copy_mode="assign"),
        }
    )
    outputs = SequentialRunner().run(supervised() + inference("supervised"), catalog)
    assert len(outputs["supervised.predictions"].load()) == len(test_set.manifest)


def test_cross_validation_never_trains_on_the_fold_it_scores(
    training, classifier, ssgan, cross_validation, monkeypatch
):
    from nevus.pipelines.cross_validation import nodes

    seen = []
    original = nodes.supervised_trainer

    def watching(rest, options):
        seen.append(set(rest.manifest["image_id"]))
        return original(rest, options)

    monkeypatch.setattr(nodes, "supervised_trainer", watching)
    options = cross_validation.model_copy(update={"methods": ["supervised"]})
    labeled = training.manifest[training.manifest["split"] == "labeled"]
    folds = [set(labeled["image_id"].iloc[held_out]) for _, _, held_out in nodes.deal(training, options)]
    scores = cross_validate(training, classifier, ssgan, options, MemoryCheckpoints())
    assert [not (fold & trained) for fold, trained in zip(folds, seen, strict=True)] == [True, True]
    assert scores[["accuracy", "auc"]].stack().between(0, 1).all()
    assert len(draw_cross_validation(scores).axes) == 2
    summary = summarise_cross_validation(scores).set_index("step")
    assert summary.loc[20, "auc"] == pytest.approx(scores.loc[scores["step"] == 20, "auc"].mean(), abs=1e-4)


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


def test_an_interrupted_cross_validation_keeps_its_finished_folds(training, classifier, ssgan, cross_validation):
    from nevus.pipelines.cross_validation import nodes

    checkpoints = MemoryCheckpoints()
    options = cross_validation.model_copy(update={"methods": ["supervised"]})
    first = cross_validate(training, classifier, ssgan, options, checkpoints)
    saved = checkpoints.saved
    again = nodes.cross_validate(training, classifier, ssgan, options, checkpoints)
    assert again.equals(first)
    assert checkpoints.saved == saved


def test_the_summary_counts_images_groups_and_what_was_set_aside(corpus):
    import pandas as pd

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
