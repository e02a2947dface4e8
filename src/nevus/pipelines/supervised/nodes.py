"""Train a classifier on the labelled images alone, and pack it up."""

from typing import TYPE_CHECKING

from nevus.contracts import Checkpoints, Classifier, Corpus, Table, Weights
from nevus.pipelines.checkpoint_key import checkpoint_key
from nevus.pipelines.supervised.params import ClassifierParams

if TYPE_CHECKING:
    from nevus.training.supervised import SupervisedTrainer


def fit_supervised(training: Corpus, classifier: ClassifierParams, checkpoints: Checkpoints) -> tuple[Weights, Table]:
    """Train on the labelled images alone, for as many labelled updates as the semi-supervised methods get.

    Args:
        training: The corpus without the test split.
        classifier: Network, augmentation, optimizer and loop.
        checkpoints: Where the state is kept while training.

    Returns:
        The averaged weights, and the history: one row every `log_every` steps.

    Raises:
        CorpusError: A class has no labelled image.
        TrainingError: The loss is not finite.
    """
    from nevus.training.averaging import weights_of
    from nevus.training.loop import train

    trainer = supervised_trainer(training, classifier)
    history, _ = train(
        trainer,
        classifier.loop,
        seed=classifier.seed,
        checkpoints=checkpoints,
        key=checkpoint_key("supervised", training, classifier),
        name="supervised",
    )
    return weights_of(trainer.average), history


def supervised_trainer(training: Corpus, classifier: ClassifierParams) -> "SupervisedTrainer":
    """Introduce network, images and augmentation to one another."""
    from nevus.augment.batch import BatchAugment
    from nevus.corpus.views import labeled_images
    from nevus.networks.build import build
    from nevus.training.runtime import choose_runtime, seeded
    from nevus.training.supervised import SupervisedTrainer

    pixels, labels = labeled_images(training)
    with seeded(classifier.seed):
        network = build(classifier.network, classes=len(training.classes), size=pixels.shape[1])
    network.fit_input(pixels)
    return SupervisedTrainer(
        network,
        pixels,
        labels,
        augment=BatchAugment(classifier.augment),
        optimizer=classifier.optimizer,
        loop=classifier.loop,
        seed=classifier.seed,
        runtime=choose_runtime(classifier.loop),
    )


def package_classifier(weights: Weights, training: Corpus, classifier: ClassifierParams) -> Classifier:
    """Put together what somebody needs to score images: weights, how to build the network, example images.

    Args:
        weights: Of the trained network.
        training: The corpus without the test split; its first labelled images become the examples.
        classifier: How the network was built.

    Returns:
        The classifier, without code.
    """
    from nevus.corpus.views import labeled_images
    from nevus.networks.build import describe

    pixels, _ = labeled_images(training)
    size, average_d4 = pixels.shape[1], classifier.average_d4
    spec = describe(classifier.network, classes=training.classes, size=size, average_d4=average_d4)
    return Classifier(weights, spec | {"seed": classifier.seed}, pixels[:2])
