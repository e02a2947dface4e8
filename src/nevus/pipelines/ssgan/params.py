"""Parameters of the semi-supervised GAN."""

from typing import Literal

from pydantic import Field

from nevus.augment.options import AugmentOptions
from nevus.contracts import Options
from nevus.networks.options import GeneratorOptions
from nevus.pipelines.classifier.params import TrainingParams
from nevus.training.options import OptimizerOptions


class ObjectiveOptions(Options):
    """The two losses of the game.

    Attributes:
        generator_loss: "feature_matching" or "non_saturating".
        unlabeled_weight: Weight of the real-or-generated term beside the cross-entropy of the labelled images.
    """

    generator_loss: Literal["feature_matching", "non_saturating"]
    unlabeled_weight: float = Field(ge=0)


class SsganParams(TrainingParams):
    """A classifier, and the GAN that it is the discriminator of.

    Attributes:
        objective: The two losses.
        generator: The generator network.
        generator_optimizer: Its optimizer and schedule.
        discriminator_steps: Updates of the discriminator for one of the generator.
        unlabeled_batch: Unlabelled images a step, and as many generated ones.
        augment_unlabeled: How all images but the labelled ones are changed before the discriminator sees them.
        frames: Pictures of the generator's progress, spread evenly over the training.
        samples: Generated images kept at the end.
    """

    objective: ObjectiveOptions
    generator: GeneratorOptions
    generator_optimizer: OptimizerOptions
    discriminator_steps: int = Field(ge=1, le=100)
    unlabeled_batch: int = Field(ge=2)
    augment_unlabeled: AugmentOptions
    frames: int = Field(ge=1, le=1000)
    samples: int = Field(ge=1, le=100_000)
