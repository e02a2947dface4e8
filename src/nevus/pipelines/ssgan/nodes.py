"""Train the semi-supervised GAN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nevus.contracts import NO_RUNS, Checkpoints, Classifier, Corpus, FinishedRuns, Pixels, Table, Weights
from nevus.lookup import find
from nevus.pipelines.beforehand import checked_by
from nevus.pipelines.classifier.ancestors import NONE, Ancestors, ancestors_of, require_ancestors
from nevus.pipelines.classifier.nodes import build_network, finish, labeled_batches, task_of, train_learner
from nevus.pipelines.ssgan.params import OBJECTIVES, SsganParams
from nevus.seeds import derived

if TYPE_CHECKING:
    from nevus.training.adversarial import AdversarialLearner

FRAME_IMAGES = 64  # a grid of eight by eight


@checked_by(require_ancestors)
def fit_ssgan(
    training: Corpus,
    validation: Corpus,
    params: SsganParams,
    seed: int,
    variant: str | None,
    checkpoints: Checkpoints,
    finished: FinishedRuns = NO_RUNS,
    *,
    method: str,
) -> tuple[Classifier, Table, Weights, Pixels, Pixels]:
    """Train a classifier as the discriminator of a GAN on labelled and unlabelled images.

    Args:
        training: The corpus without the images that choose and test.
        validation: Images that choose the step, where `selection` says so; may be empty otherwise.
        params: What the classifier shares with its baseline, and what the GAN adds.
        seed: Of the weights, the batches, the augmentation and the latents.
        variant: Name of this set of parameters, or None.
        checkpoints: Where the state is kept while training.
        finished: What reads the classifier of each finished run, for those that the parameters name.
        method: Name in the registry.

    Returns:
        The classifier with the averaged weights of the discriminator, the history, the averaged weights of the
        generator, generated images (n, H, W, 3) from the end, and (T, 8H, 8W, 3) pictures of the progress.

    Raises:
        CorpusError: A class has no labelled image, or there is no unlabelled one.
        NevusError: The parameters name a run that there is not.
        TrainingError: A loss is not finite.
    """
    import numpy as np
    import torch

    from nevus.training.adversarial import tile
    from nevus.training.averaging import weights_of
    from nevus.training.loop import Observer
    from nevus.training.runtime import seeded

    ancestors = ancestors_of(training, params, finished, method=method)
    learner = build_ssgan_learner(training, params, seed, ancestors)
    with seeded(derived(seed, "latents")):
        latents = torch.randn(max(FRAME_IMAGES, params.samples), params.generator.latent)
    every = -(-params.loop.steps // params.frames)
    look = Observer(every, lambda: torch.from_numpy(tile(learner.images(latents[:FRAME_IMAGES]), columns=8)))
    history, frames = train_learner(
        learner, training, validation, params, seed, checkpoints, method=method, observer=look
    )
    return (
        finish(learner.average, training, params, ancestors, history, method=method, variant=variant, seed=seed),
        history,
        weights_of(learner.average_generator),
        learner.images(latents[: params.samples]),
        np.stack([picture.numpy() for _, picture in frames]),
    )


def build_ssgan_learner(
    training: Corpus, params: SsganParams, seed: int, ancestors: Ancestors = NONE
) -> AdversarialLearner:
    """Introduce networks, objective, images and augmentation to one another."""
    from nevus.augment.policy import Augment
    from nevus.corpus.views import unlabeled_images
    from nevus.networks.build import build
    from nevus.training.adversarial import AdversarialLearner
    from nevus.training.batches import UnlabeledImages
    from nevus.training.pool import Pool
    from nevus.training.runtime import choose_runtime, seeded

    runtime = choose_runtime(params.loop)
    with seeded(seed):  # the discriminator first: it then starts from the weights of the baseline
        discriminator = build_network(training, params, ancestors)
        generator = build(params.generator, classes=len(training.classes), size=training.pixels.shape[1])
    pool = Pool(unlabeled_images(training), runtime.device)
    labeled = labeled_batches(training, params, seed, runtime)
    kind = find(OBJECTIVES, params.objective.name)  # type: ignore[attr-defined]
    task = task_of(training, params, labeled, discriminator)
    task = task._replace(steps=params.loop.steps * params.discriminator_steps)  # an objective counts these updates
    with seeded(derived(seed, "objective")):
        objective = kind(params.objective, task)
    return AdversarialLearner(
        discriminator,
        generator,
        objective,
        real=UnlabeledImages(pool, batch=params.unlabeled.batch, seed=seed),
        fresh=UnlabeledImages(pool, batch=params.unlabeled.batch, seed=derived(seed, "fresh", bits=31)),
        labeled=labeled,
        augment=Augment(params.augment_unlabeled),
        weak=Augment(params.unlabeled.weak),
        strong=Augment(params.unlabeled.strong),
        discriminator_optimizer=params.optimizer,
        generator_optimizer=params.generator_optimizer,
        discriminator_steps=params.discriminator_steps,
        loop=params.loop,
        runtime=runtime,
    )
