"""Train a classifier by any algorithm."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from nevus.contracts import NO_RUNS, Checkpoints, Classifier, Corpus, FinishedRuns, Pixels, Table, Task
from nevus.lookup import find
from nevus.pipelines.beforehand import checked_by
from nevus.pipelines.classifier.ancestors import NONE, Ancestors, ancestors_of, require_ancestors, start_from
from nevus.pipelines.classifier.params import ALGORITHMS, ClassifierParams, TrainingParams
from nevus.pipelines.classifier.shares import estimated_shares, labeled_counts, prior_of
from nevus.seeds import derived

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from nevus.networks.classifier import ClassifierNetwork
    from nevus.training.batches import Images, LabeledBatches
    from nevus.training.learner import Learner
    from nevus.training.loop import Observer
    from nevus.training.runtime import Runtime
    from nevus.training.selection import Selection

EXAMPLES = 2  # images kept with a model
HELD_BYTES = 2**30  # of labelled images and their copies that are kept in memory
BINS = 10  # of the calibration error while training


@checked_by(require_ancestors)
def fit_classifier(
    training: Corpus,
    validation: Corpus,
    params: ClassifierParams,
    seed: int,
    variant: str | None,
    checkpoints: Checkpoints,
    finished: FinishedRuns = NO_RUNS,
    *,
    method: str,
    learner_of: Callable[..., Any] | None = None,
) -> tuple[Classifier, Table]:
    """Train a network by an algorithm.

    Args:
        training: The corpus without the images that choose and test.
        validation: Images that choose the step, where `selection` says so; may be empty otherwise.
        params: Network, algorithm, augmentation, optimizer and loop.
        seed: Of the weights, the batches and the augmentation.
        variant: Name of this set of parameters, or None.
        checkpoints: Where the state is kept while training.
        finished: What reads the classifier of each finished run, for those that the parameters name.
        method: Name in the registry.
        learner_of: What is trained, from corpus, parameters, seed and the runs that the parameters name; None for
            `build_classifier_learner`.

    Returns:
        The classifier with the averaged weights, and the history: one row every `log_every` steps.

    Raises:
        CorpusError: A class has no labelled image, or there are no images of a kind that the algorithm needs.
        NevusError: The parameters name a run that there is not.
        TrainingError: The loss is not finite.
    """
    ancestors = ancestors_of(training, params, finished, method=method)
    learner = (learner_of or build_classifier_learner)(training, params, seed, ancestors)
    history, _ = train_learner(learner, training, validation, params, seed, checkpoints, method=method)
    classifier = finish(
        learner.average, training, params, ancestors, history, method=method, variant=variant, seed=seed
    )
    return classifier, history


def train_learner(
    learner: Any,
    training: Corpus,
    validation: Corpus,
    params: TrainingParams,
    seed: int,
    checkpoints: Checkpoints,
    *,
    method: str,
    observer: Observer | None = None,
) -> tuple[Table, list[tuple[int, Tensor]]]:
    """Train what a node has built, as every method is trained: under its own key, with the step chosen as asked for."""
    from nevus.pipelines.checkpoint_key import checkpoint_key
    from nevus.training.loop import train

    return train(
        learner,
        params.loop,
        seed=seed,
        checkpoints=checkpoints,
        key=checkpoint_key(method, seed, learner, (training, validation), params),
        name=method,
        observer=observer,
        selection=choose_by(training, validation, learner.average, params),
    )


def build_classifier_learner(
    training: Corpus,
    params: ClassifierParams,
    seed: int,
    ancestors: Ancestors = NONE,
    *,
    soft_labels: NDArray[np.float32] | None = None,
    shares: NDArray[np.float64] | None = None,
) -> Learner:
    """Introduce network, algorithm, images and augmentation to one another.

    Args:
        training: The corpus without the images that choose and test.
        params: Network, algorithm, augmentation, optimizer and loop.
        seed: Of the weights and the batches.
        ancestors: Finished runs that it builds on.
        soft_labels: (U, K) of the unlabelled images, where somebody teaches.
        shares: (U,) how often each of them is drawn, adding up to 1; None for all alike.
    """
    import torch

    from nevus.augment.policy import Augment
    from nevus.corpus.views import unlabeled_images
    from nevus.training.batches import SemiSupervisedBatches, UnlabeledImages
    from nevus.training.learner import Learner
    from nevus.training.pool import Pool
    from nevus.training.runtime import choose_runtime, seeded

    runtime = choose_runtime(params.loop)
    with seeded(seed):
        network = build_network(training, params, ancestors)
    labeled = labeled_batches(training, params, seed, runtime)
    kind = find(ALGORITHMS, params.algorithm.name)  # type: ignore[attr-defined]
    with seeded(derived(seed, "algorithm")):
        task = task_of(training, params, labeled, network)
        if soft_labels is not None:
            task = task._replace(soft_labels=torch.from_numpy(soft_labels))
        algorithm = kind(params.algorithm, task)
    batches: Any = labeled
    if kind.views and params.unlabeled is not None:
        pool = Pool(unlabeled_images(training), runtime.device)
        batches = SemiSupervisedBatches(
            labeled,
            UnlabeledImages(pool, batch=params.unlabeled.batch, seed=seed, shares=shares),
            weak=Augment(params.unlabeled.weak),
            strong=Augment(params.unlabeled.strong),
            views=kind.views,
        )
    return Learner(network, algorithm, batches, optimizer=params.optimizer, loop=params.loop, runtime=runtime)


def task_of(training: Corpus, params: TrainingParams, labeled: LabeledBatches, network: ClassifierNetwork) -> Task:
    """What an algorithm or an objective may know of the images, and the loss that all methods share."""
    from nevus.training.losses import LabeledLoss

    counts = tuple(int((labeled.labels == label).sum()) for label in range(len(training.classes)))
    unlabeled = int((training.manifest["split"] == "unlabeled").sum())
    loss = LabeledLoss(params.loss, counts)
    task = Task(training.classes, counts, unlabeled, params.loop.steps, loss, network.feature_count)
    prior = prior_of(params, counts)
    return task._replace(prior=tuple(prior), estimate_shares=partial(estimated_shares, before=prior))


def build_network(training: Corpus, params: TrainingParams, ancestors: Ancestors = NONE) -> ClassifierNetwork:
    """Build the network for the classes and the size of the corpus; its input statistics come from labelled images."""
    import numpy as np

    from nevus.corpus.views import labeled_images
    from nevus.networks.build import build
    from nevus.training.losses import set_output_bias

    pixels, labels = labeled_images(training)
    learn_metadata(training, params)  # a corpus without them is refused before anything is trained
    network = build(params.network, classes=len(training.classes), size=pixels.shape[1])
    network.fit_input(pixels)
    start_from(network, params, ancestors)
    if params.loss.output_bias == "prior":
        set_output_bias(network, np.bincount(labels, minlength=len(training.classes)).tolist())
    return network


def labeled_batches(
    training: Corpus,
    params: TrainingParams,
    seed: int,
    runtime: Runtime,
    *,
    pool_of: Callable[[Pixels, torch.device], Images] | None = None,
) -> LabeledBatches:
    """Batches of augmented labelled images, as any method draws them.

    Args:
        training: The corpus without the images that choose and test.
        params: Copies, augmentation and loop.
        seed: Of the order.
        runtime: Where the batches are wanted.
        pool_of: What the batches are made of, from all labelled images and the device; None for the images themselves.
    """
    import numpy as np

    from nevus.augment.corpus import with_training_copies
    from nevus.augment.policy import Augment
    from nevus.corpus.views import labeled_images
    from nevus.training.batches import LabeledBatches
    from nevus.training.pool import Pool

    pixels, labels = labeled_images(with_training_copies(training, params.copies))
    if params.copies.mode != "none" and math.prod(pixels.shape) <= HELD_BYTES:
        pixels = np.asarray(pixels)  # a copy takes milliseconds to draw, and would be drawn anew at each step
    return LabeledBatches(
        (pool_of or Pool)(pixels, runtime.device),
        labels,
        classes=len(training.classes),
        augment=Augment(params.augment),
        batch=params.loop.labeled_batch,
        sampling=params.loop.sampling,
        seed=seed,
        device=runtime.device,
    )


def learn_metadata(training: Corpus, params: TrainingParams) -> dict[str, Any] | None:
    """What is laid over the predictions of the network, or None where it predicts alone.

    Raises:
        CorpusError: The corpus lacks the metadata.
    """
    if params.metadata is None:
        return None
    from nevus.training.late_fusion import fit_metadata

    labeled = training.manifest[training.manifest["split"] == "labeled"]
    return fit_metadata(labeled, training.classes, params.metadata.columns)


def choose_by(training: Corpus, validation: Corpus, average: nn.Module, params: TrainingParams) -> Selection | None:
    """The choice of a step by the validation images, or None where none is asked for."""
    if params.selection is None:
        return None
    from nevus.corpus.views import labeled_images, validation_images
    from nevus.metrics.classification import of_interest
    from nevus.metrics.scores import score
    from nevus.metrics.titles import WATCHED
    from nevus.training.prediction import predict_probabilities
    from nevus.training.runtime import prediction_runtime
    from nevus.training.sampling import evenly
    from nevus.training.selection import Selection

    runtime = prediction_runtime(params.loop.device)
    held_out, labels = validation_images(validation)
    seen, known = labeled_images(training)
    some = evenly(known, len(labels))
    sets = {"validation": (held_out, labels), "training": (seen[some], known[some])}

    def scores(network: nn.Module) -> dict[str, float]:
        found: dict[str, float] = {}
        for name, (pixels, truth) in sets.items():
            predicted = predict_probabilities(network, pixels, average_d4=params.average_d4, runtime=runtime)
            scored = score(truth, of_interest(predicted), threshold=0.5, bins=BINS)
            found |= {f"{name}_{metric}": scored[metric] for metric in WATCHED if metric in scored}
        return found

    return Selection(average, scores, params.selection)


def finish(
    average: Any,
    training: Corpus,
    params: TrainingParams,
    ancestors: Ancestors,
    history: Table,
    *,
    method: str,
    variant: str | None,
    seed: int,
) -> Classifier:
    """Put together what somebody needs to score images: weights, how to build the network, and where it comes from."""
    from nevus.corpus.views import labeled_images
    from nevus.networks.build import describe
    from nevus.networks.cost import cost_of
    from nevus.pipelines.record import record_of
    from nevus.training.averaging import weights_of

    pixels, _ = labeled_images(training)
    size, average_d4 = pixels.shape[1], params.average_d4
    spec = describe(params.network, classes=training.classes, size=size, average_d4=average_d4) | {"seed": seed}
    spec["prior"] = prior_of(params, labeled_counts(training, params))
    if (metadata := learn_metadata(training, params)) is not None:
        spec["metadata"] = metadata
    record = record_of(training, params, ancestors, method=method, variant=variant, seed=seed)
    record["network"] = cost_of(average.module, size)._asdict()
    record["training"] = cost_of_training(history, params)
    return Classifier(weights_of(average), spec, pixels[:EXAMPLES], record)


def cost_of_training(history: Table, params: TrainingParams) -> dict[str, float]:
    """What a training took, as it measured it itself: all its calls together, where it was continued.

    Args:
        history: Of the training, `step` and `seconds` since its start.
        params: Of the training.

    Returns:
        `steps` done, `seconds` with those of choosing a step, `images_per_second`.
    """
    steps, seconds = int(history["step"].iloc[-1]), float(history["seconds"].iloc[-1])
    speed = steps * params.images_a_step / max(seconds, 0.001)  # the history rounds to milliseconds
    return {"steps": steps, "seconds": seconds, "images_per_second": round(speed, 1)}
