"""Parameters of the GAN beside the classifier."""

from typing import Literal

from pydantic import Field

from nevus.augment.options import AugmentOptions
from nevus.contracts import Options
from nevus.networks.options import GeneratorOptions
from nevus.training.options import OptimizerOptions


class SsganParams(Options):
    """What the semi-supervised GAN adds to the classifier.

    Attributes:
        generator: The generator network.
        generator_optimizer: AdamW and its schedule.
        generator_loss: "feature_matching" or "non_saturating".
        unlabeled_weight: Weight of the real-or-generated term beside the cross-entropy of the labelled images.
        unlabeled_batch: Unlabelled images a step, and as many generated ones.
        augment: How all images but the labelled ones are changed before the discriminator sees them.
        frames: Pictures of the generator's progress, spread evenly over the training.
        samples: Generated images kept at the end.
    """

    generator: GeneratorOptions
    generator_optimizer: OptimizerOptions
    generator_loss: Literal["feature_matching", "non_saturating"]
    unlabeled_weight: float = Field(ge=0)
    unlabeled_batch: int = Field(ge=2)
    augment: AugmentOptions
    frames: int = Field(ge=1, le=1000)
    samples: int = Field(ge=1, le=100_000)
