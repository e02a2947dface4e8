"""Choose the number of steps, and all else, on the labelled training images alone."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nevus.contracts import Checkpoints, Corpus, Figure, Table
from nevus.pipelines.checkpoint_key import checkpoint_key
from nevus.pipelines.cross_validation.params import CrossValidationParams
from nevus.pipelines.ssgan.nodes import ssgan_trainer
from nevus.pipelines.ssgan.params import SsganParams
from nevus.pipelines.supervised.nodes import supervised_trainer
from nevus.pipelines.supervised.params import ClassifierParams

if TYPE_CHECKING:
    from nevus.training.adversarial import AdversarialTrainer
    from nevus.training.supervised import SupervisedTrainer


def cross_validate(
    training: Corpus,
    classifier: ClassifierParams,
    ssgan: SsganParams,
    options: CrossValidationParams,
    checkpoints: Checkpoints,
) -> Table:
    """Train on all labelled images but one fold, and score that fold while training goes on.

    The unlabelled images are those of the corpus less those of a held-out lesion; held-out images never join them.
    Folds already done are kept when the run is interrupted.

    Args:
        training: The corpus without the test split.
        classifier: Network, augmentation, optimizer and loop.
        ssgan: What the GAN adds.
        options: Folds and repeats.
        checkpoints: Where finished folds are kept.

    Returns:
        One row a method, repeat, fold and step looked at: `accuracy`, `auc` of the held-out fold; with more than two
        classes `auc` is the mean over them, each against the rest.
    """
    import pandas as pd

    key = checkpoint_key("cross_validation", training, classifier, ssgan, options)
    done: dict[str, list[dict[str, Any]]] = checkpoints.load(key) or {}
    for method in options.methods:
        for repeat, fold, held_out in deal(training, options):
            name = f"{method}, repeat {repeat + 1}, fold {fold + 1}"
            if name in done:
                continue
            seeded = classifier.model_copy(update={"seed": classifier.seed + 1000 * repeat + fold})
            scores = score_fold(method, training, held_out, seeded, ssgan, options.look_every, name)
            done[name] = [{"method": method, "repeat": repeat, "fold": fold, **row} for row in scores]
            checkpoints.save(key, done)
    return pd.DataFrame([row for rows in done.values() for row in rows])


def deal(training: Corpus, options: CrossValidationParams) -> Iterator[tuple[int, int, Any]]:
    """Repeats, folds and the positions of the held-out images; images of one lesion share a fold."""
    from nevus.corpus.folds import folds, group_keys

    labeled = (training.manifest["split"] == "labeled").to_numpy()
    labels = training.manifest.loc[labeled, "label"].to_numpy(dtype="int64")
    dealt = folds(
        labels,
        group_keys(training.manifest)[labeled],
        folds=options.folds,
        repeats=options.repeats,
        seed=options.seed,
        classes=training.classes,
    )
    for repeat in range(options.repeats):
        for fold in range(options.folds):
            yield repeat, fold, (dealt[:, repeat] == fold).nonzero()[0]


def set_apart(training: Corpus, held_out: Any) -> Corpus:
    """The corpus less a fold and less the unlabelled images of its groups, such as those that a label budget hid."""
    import pandas as pd

    from nevus.corpus.folds import group_keys
    from nevus.corpus.views import without

    images = training.manifest["image_id"]
    keys = pd.Series(group_keys(training.manifest), index=images)
    fold = keys[images[training.manifest["split"] == "labeled"].iloc[held_out]]
    rest = without(training, held_out)
    return rest._replace(manifest=rest.manifest[~keys[rest.manifest["image_id"]].isin(fold).to_numpy()])


def score_fold(
    method: str,
    training: Corpus,
    held_out: Any,
    classifier: ClassifierParams,
    ssgan: SsganParams,
    look_every: int,
    name: str,
) -> list[dict[str, float]]:
    """Accuracy and AUC (over more than two classes its mean) of the held-out images along one training."""
    import torch

    from nevus.corpus.views import labeled_images
    from nevus.metrics.classification import of_interest, score
    from nevus.training.loop import Observer, train
    from nevus.training.prediction import predict_probabilities
    from nevus.training.runtime import prediction_runtime

    pixels, labels = labeled_images(training)
    rest = set_apart(training, held_out)
    runtime = prediction_runtime(classifier.loop.device)
    trainer: SupervisedTrainer | AdversarialTrainer
    gan = method == "ssgan"
    trainer = ssgan_trainer(rest, classifier, ssgan) if gan else supervised_trainer(rest, classifier)

    def look() -> torch.Tensor:
        probabilities = predict_probabilities(
            trainer.average, pixels[held_out], average_d4=classifier.average_d4, runtime=runtime
        )
        return torch.from_numpy(of_interest(probabilities))

    _, seen = train(
        trainer,
        classifier.loop,
        seed=classifier.seed,
        checkpoints=NoCheckpoints(),
        key="",
        name=name,
        observer=Observer(look_every, look),
    )
    scores = [(step, score(labels[held_out], p.numpy(), threshold=0.5, bins=2)) for step, p in seen]
    return [{"step": step, "accuracy": found["accuracy"], "auc": found["auc"]} for step, found in scores]


class NoCheckpoints:
    """One fold is short; what is kept are the folds that are done."""

    def load(self, key: str) -> None:
        """Nothing."""

    def save(self, key: str, state: dict[str, Any]) -> None:
        """Nothing."""


def summarise_cross_validation(scores: Table) -> Table:
    """Average the held-out scores over the folds, with one standard error.

    Args:
        scores: One row a method, repeat, fold and step.

    Returns:
        One row a method and step: `accuracy`, `accuracy_error`, `auc`, `auc_error`, rounded to four digits. Folds share
        most of their training images, so the errors are too small rather than too large.
    """
    grouped = scores.groupby(["method", "step"], sort=False)[["accuracy", "auc"]]
    means, errors = grouped.mean(), grouped.sem().add_suffix("_error")
    summary = means.join(errors)[["accuracy", "accuracy_error", "auc", "auc_error"]]
    return summary.round(4).reset_index()


def draw_cross_validation(scores: Table) -> Figure:
    """Show accuracy and AUC of the held-out folds along the training.

    Args:
        scores: One row a method, repeat, fold and step.

    Returns:
        A figure: lines are means, bands one standard error over the folds.
    """
    from nevus.plots.cross_validation import cross_validation

    return cross_validation(scores)
