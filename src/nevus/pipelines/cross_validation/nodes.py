"""Choose the number of steps, and all else, on the labelled training images alone."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from nevus.contracts import NO_RUNS, Checkpoints, Corpus, Figure, FinishedRuns, Table
from nevus.pipelines.beforehand import checked_by
from nevus.pipelines.classifier.ancestors import ancestors_of, require_ancestors, require_blind
from nevus.pipelines.classifier.nodes import learn_metadata
from nevus.pipelines.classifier.params import TrainingParams
from nevus.pipelines.cross_validation.params import CrossValidationParams
from nevus.pipelines.cross_validation.tables import tables_of
from nevus.seeds import derived


def require_all(
    params: TrainingParams, options: CrossValidationParams, finished: Iterable[str], *, method: str
) -> None:
    """Refuse runs or weights that a method which is asked for cannot have.

    Raises:
        NevusError: It says which, and what to do.
    """
    if method in options.methods:
        require_ancestors(params, finished, method=method)


@checked_by(require_all)
def cross_validate(
    training: Corpus,
    params: TrainingParams,
    seed: int,
    options: CrossValidationParams,
    checkpoints: Checkpoints,
    finished: FinishedRuns = NO_RUNS,
    *,
    method: str,
    learner_of: Callable[..., Any],
) -> tuple[Table, Table]:
    """Train a method on all labelled images but one fold, and score that fold while training goes on.

    The unlabelled images are those of the corpus less those of a held-out lesion; held-out images never join them.
    Folds already done are kept when the run is interrupted.

    Args:
        training: The corpus without the test split.
        params: Of the method.
        seed: Of the first fold's training; every other has its own.
        options: Methods, folds and repeats.
        checkpoints: Where finished folds are kept.
        finished: What reads the classifier of each finished run, for those that the parameters name.
        method: Name in the registry; without a row where it is not asked for.
        learner_of: What is trained, from corpus, parameters, seed and the runs that the parameters name.

    Returns:
        One row a repeat, fold and step looked at: `accuracy`, `auc` of the held-out fold; with more than two classes
        `auc` is the mean over them, each against the rest. And what the last step of each fold predicted: one row a
        repeat and labelled image, `method`, `corpus` (fingerprint), `parameters` (of the method, as JSON), `repeat`,
        `fold` and the columns of a table of predictions.
    """
    if method not in options.methods:
        return tables_of({}, method, training, params)
    ancestors = ancestors_of(training, params, finished, method=method)
    require_blind(ancestors, method=method)
    key = ""
    done: dict[str, dict[str, Any]] = {}
    for repeat, fold, held_out in deal(training, options):
        name = f"{method}, repeat {repeat + 1}, fold {fold + 1}"
        if key and name in done:
            continue
        rest = set_apart(training, held_out)
        own_seed = derived(seed, "cross_validation", repeat, fold, bits=31)
        learner = learner_of(rest, params, own_seed, ancestors)
        metadata = learn_metadata(rest, params)
        if not key:
            key = key_of(method, seed, learner, training, params, options)
            done = checkpoints.load(key) or {}
            if name in done:
                continue
        scores, probabilities = score_fold(
            learner, training, held_out, params, own_seed, options.look_every, name, metadata
        )
        found = {"repeat": repeat, "fold": fold, "seed": own_seed, "held_out": held_out.tolist()}
        done[name] = {**found, "scores": scores, "probabilities": probabilities.tolist()}
        checkpoints.save(key, done)
    return tables_of(done, method, training, params)


def key_of(
    method: str, seed: int, learner: Any, training: Corpus, params: TrainingParams, options: CrossValidationParams
) -> str:
    """When finished folds may be kept: which other methods are asked for does not matter."""
    from nevus.corpus.fingerprint import fingerprint
    from nevus.pipelines.checkpoint_key import checkpoint_key

    dealt = options.model_dump(mode="json", exclude={"methods"})
    return fingerprint(
        "cross_validation with predictions", dealt, checkpoint_key(method, seed, learner, (training,), params)
    )


def deal(training: Corpus, options: CrossValidationParams) -> Iterator[tuple[int, int, Any]]:
    """Repeats, folds and the positions of the held-out images; images of one lesion share a fold."""
    from nevus.corpus.folds import folds
    from nevus.groups import group_keys

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

    from nevus.corpus.views import without
    from nevus.groups import group_keys

    images = training.manifest["image_id"]
    keys = pd.Series(group_keys(training.manifest), index=images)
    fold = keys[images[training.manifest["split"] == "labeled"].iloc[held_out]]
    rest = without(training, held_out)
    return rest._replace(manifest=rest.manifest[~keys[rest.manifest["image_id"]].isin(fold).to_numpy()])


def score_fold(
    learner: Any,
    training: Corpus,
    held_out: Any,
    params: TrainingParams,
    seed: int,
    look_every: int,
    name: str,
    metadata: dict[str, Any] | None = None,
) -> tuple[list[dict[str, float]], Any]:
    """Accuracy and AUC (over more than two classes its mean) of the held-out images along one training.

    `metadata`, learnt without the fold, count beside the images.

    Returns:
        The scores, and the (n, K) probabilities of the last step.
    """
    import torch

    from nevus.corpus.views import labeled_images
    from nevus.metrics.classification import of_interest
    from nevus.metrics.scores import score
    from nevus.training.late_fusion import fuse
    from nevus.training.loop import Observer, train
    from nevus.training.prediction import predict_probabilities
    from nevus.training.runtime import prediction_runtime

    runtime = prediction_runtime(params.loop.device)
    pixels, labels = labeled_images(training)
    rows = training.manifest[training.manifest["split"] == "labeled"].iloc[held_out]

    def look() -> torch.Tensor:
        probabilities = predict_probabilities(
            learner.average, pixels[held_out], average_d4=params.average_d4, runtime=runtime
        )
        return torch.from_numpy(probabilities if metadata is None else fuse(probabilities, metadata, rows))

    _, seen = train(
        learner,
        params.loop,
        seed=seed,
        checkpoints=NoCheckpoints(),
        key="",
        name=name,
        observer=Observer(look_every, look),
    )
    scores = [(step, score(labels[held_out], of_interest(p.numpy()), threshold=0.5, bins=2)) for step, p in seen]
    rows = [{"step": step, "accuracy": found["accuracy"], "auc": found["auc"]} for step, found in scores]
    return rows, seen[-1][1].numpy()


class NoCheckpoints:
    """One fold is short; what is kept are the folds that are done."""

    def load(self, key: str) -> None:
        """Nothing."""

    def save(self, key: str, state: dict[str, Any]) -> None:
        """Nothing."""


def summarise_cross_validation(*tables: Table) -> tuple[Table, Table]:
    """Average the held-out scores of all methods over the folds, with one standard error.

    Args:
        tables: Scores of a method each, one row a repeat, fold and step.

    Returns:
        All scores, and one row a method and step: `accuracy`, `accuracy_error`, `auc`, `auc_error`, rounded to four
        digits. Folds share most of their training images, so the errors are too small rather than too large.
    """
    import pandas as pd

    scores = pd.concat([table for table in tables if len(table)], ignore_index=True)
    grouped = scores.groupby(["method", "step"], sort=False)[["accuracy", "auc"]]
    means, errors = grouped.mean(), grouped.sem().add_suffix("_error")
    summary = means.join(errors)[["accuracy", "accuracy_error", "auc", "auc_error"]]
    return scores, summary.round(4).reset_index()


def draw_cross_validation(scores: Table) -> Figure:
    """Show accuracy and AUC of the held-out folds along the training.

    Args:
        scores: One row a method, repeat, fold and step.

    Returns:
        A figure: lines are means, bands one standard error over the folds.
    """
    from nevus.plots.cross_validation import cross_validation

    return cross_validation(scores)
