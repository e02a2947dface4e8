"""Parameters of the semi-supervised GAN."""

from typing import Annotated, Any

from pydantic import Field, SerializeAsAny, field_validator

from nevus.augment.options import GanPolicy
from nevus.contracts import Options
from nevus.lookup import NamedIn, checked_options
from nevus.networks.options import GeneratorOptions
from nevus.pipelines.classifier.params import TrainingParams, UnlabeledOptions
from nevus.training.options import OptimizerOptions

OBJECTIVES = "nevus.objectives"


class SsganParams(TrainingParams):
    """A classifier, and the GAN that it is the discriminator of.

    Attributes:
        objective: Its `name`, a module in `nevus.objectives`, and its own options.
        generator: The generator network.
        generator_optimizer: Its optimizer and schedule.
        discriminator_steps: Updates of the discriminator for one of the generator.
        unlabeled: Unlabelled images a step, and as many generated ones; how they are changed where the objective asks
            the discriminator to say the same of both views.
        augment_unlabeled: How all images but the labelled ones are changed before the discriminator sees them.
        frames: Pictures of the generator's progress, spread evenly over the training.
        samples: Generated images kept at the end.
    """

    objective: Annotated[SerializeAsAny[Options], NamedIn(OBJECTIVES)]
    generator: GeneratorOptions
    generator_optimizer: OptimizerOptions
    discriminator_steps: int = Field(ge=1, le=100)
    unlabeled: UnlabeledOptions
    augment_unlabeled: GanPolicy
    frames: int = Field(ge=1, le=1000)
    samples: int = Field(ge=1, le=100_000)

    @property
    def images_a_step(self) -> int:
        """Labelled and unlabelled ones of each update of the discriminator, unlabelled ones of the generator's."""
        unlabeled = self.unlabeled.batch
        return self.discriminator_steps * (super().images_a_step + unlabeled) + unlabeled

    @field_validator("objective", mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        """Let the objective's own model check its options. It needs torch, so it is imported only now."""
        return checked_options(OBJECTIVES, value)
