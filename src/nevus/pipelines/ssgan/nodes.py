"""Train the semi-supervised GAN."""

from typing import TYPE_CHECKING

from nevus.contracts import Checkpoints, Corpus, Pixels, Table, Weights
from nevus.pipelines.checkpoint_key import checkpoint_key
from nevus.pipelines.ssgan.params import SsganParams
from nevus.pipelines.supervised.params import ClassifierParams

if TYPE_CHECKING:
    from nevus.training.adversarial import AdversarialTrainer

FRAME_IMAGES = 64  # a grid of eight by eight


def fit_ssgan(
    training: Corpus, classifier: ClassifierParams, ssgan: SsganParams, checkpoints: Checkpoints
) -> tuple[Weights, Weights, Table, Pixels, Pixels]:
    """Train the classifier as the discriminator of a GAN on labelled and unlabelled images (arXiv:1606.03498).

    Args:
        training: The corpus without the test split.
        classifier: Network, augmentation, optimizer and loop: the same as the baseline's.
        ssgan: What the GAN adds.
        checkpoints: Where the state is kept while training.

    Returns:
        The averaged weights of the discriminator and of the generator, the history, generated images
        (n, H, W, 3) from the end, and (T, 8H, 8W, 3) pictures of the progress.

    Raises:
        CorpusError: A class has no labelled image, or there is no unlabelled one.
        TrainingError: A loss is not finite.
    """
    import numpy as np
    import torch

    from nevus.training.adversarial import tile
    from nevus.training.averaging import weights_of
    from nevus.training.loop import Observer, train
    from nevus.training.runtime import seeded

    trainer = ssgan_trainer(training, classifier, ssgan)
    with seeded(classifier.seed):
        latents = torch.randn(max(FRAME_IMAGES, ssgan.samples), ssgan.generator.latent)
    every = -(-classifier.loop.steps // ssgan.frames)
    history, frames = train(
        trainer,
        classifier.loop,
        seed=classifier.seed,
        checkpoints=checkpoints,
        key=checkpoint_key("ssgan", training, classifier, ssgan),
        name="ssgan",
        observer=Observer(every, lambda: torch.from_numpy(tile(trainer.images(latents[:FRAME_IMAGES]), columns=8))),
    )
    return (
        weights_of(trainer.average),
        weights_of(trainer.average_generator),
        history,
        trainer.images(latents[: ssgan.samples]),
        np.stack([picture.numpy() for _, picture in frames]),
    )


def ssgan_trainer(training: Corpus, classifier: ClassifierParams, ssgan: SsganParams) -> "AdversarialTrainer":
    """Introduce networks, objective, images and augmentation to one another."""
    from nevus.augment.batch import BatchAugment
    from nevus.corpus.views import labeled_images, unlabeled_images
    from nevus.networks.build import build
    from nevus.objectives.semi_supervised import SemiSupervisedGan
    from nevus.training.adversarial import AdversarialTrainer
    from nevus.training.runtime import choose_runtime, seeded

    labeled, labels = labeled_images(training)
    shape = {"classes": len(training.classes), "size": labeled.shape[1]}
    with seeded(classifier.seed):  # the discriminator first: it then starts from the weights of the baseline
        discriminator = build(classifier.network, **shape)
        generator = build(ssgan.generator, **shape)
    discriminator.fit_input(labeled)  # as the baseline: it knows no other images
    return AdversarialTrainer(
        discriminator,
        generator,
        SemiSupervisedGan(generator_loss=ssgan.generator_loss, unlabeled_weight=ssgan.unlabeled_weight),
        labeled=labeled,
        labels=labels,
        unlabeled=unlabeled_images(training),
        augment_labeled=BatchAugment(classifier.augment),
        augment=BatchAugment(ssgan.augment),
        discriminator_optimizer=classifier.optimizer,
        generator_optimizer=ssgan.generator_optimizer,
        loop=classifier.loop,
        unlabeled_batch=ssgan.unlabeled_batch,
        seed=classifier.seed,
        runtime=choose_runtime(classifier.loop),
    )
