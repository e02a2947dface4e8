"""Parameters of the synthesis; their values live in conf/base/parameters/synthesis.yml."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, SerializeAsAny, field_validator, model_validator

from nevus.augment.options import AdaptiveOptions, GanPolicy
from nevus.contracts import Options
from nevus.lookup import NamedIn, checked_options
from nevus.metrics.options import ImageQualityOptions, MemorisationOptions, TroubleOptions
from nevus.networks.options import CriticOptions, GeneratorOptions
from nevus.training.options import LoopOptions, OptimizerOptions

OBJECTIVES = "nevus.objectives"


class ExtractorOptions(Options):
    """The network whose features images are compared by.

    Attributes:
        inception: File with torch-fidelity's weights of InceptionV3, with which distances are called FID and KID; null
            takes EfficientNet-Lite0.
        side: Height and width to which EfficientNet-Lite0 resizes images; distances at other sides are others.
    """

    inception: str | None
    side: int = Field(ge=32, le=512)


class WatchOptions(Options):
    """Quality while training, on the held-out images.

    Attributes:
        every_images: Real images of the discriminator's updates from one look to the next; the last step is always
            looked at.
        images: Generated images of a look, and held-out ones; fewer where fewer are held out.
        choose_by: The distance by which the best generator is chosen: "frechet" or "kernel".
        patience: Stop when so many images have brought no better one; null trains to the end.
    """

    every_images: int = Field(ge=1)
    images: int = Field(ge=10, le=100_000)
    choose_by: Literal["frechet", "kernel"]
    patience: int | None = Field(ge=1)


class JudgeOptions(Options):
    """Quality at the end, against the images that trained, beside what held-out images reach.

    Attributes:
        images: Generated images, and held-out ones; fewer where fewer are held out.
        pairs: Nearest pairs of each kind in the gallery.
    """

    images: int = Field(ge=10, le=100_000)
    pairs: int = Field(ge=1, le=20)


class SynthesisParams(Options):
    """A generator, what it learns from, and how it is judged.

    Attributes:
        generator: The network that makes images.
        critic: The discriminator: the network that tells real from generated.
        objective: The game: its `name`, a module in `nevus.objectives`, and its own options.
        augment: How all images are changed before the discriminator sees them.
        adaptive: How the probability of `augment` follows the discriminator; null: it is always done.
        generator_optimizer: Of the generator.
        critic_optimizer: Of the critic.
        critic_steps: Updates of the critic for one of the generator.
        batch: Real images of an update, and as many generated ones.
        loop: Steps, averaging and checkpoints; `labeled_batch` and `sampling` are of classifiers.
        conditional: Whether both networks are told the class; labelled images alone train then.
        only: Name of the one class whose labelled images train; null: all images.
        held_out: Share of the images that does not train, for judging.
        extractor: What compares images.
        quality: How distributions of features are compared.
        memorisation: What counts as a copy.
        trouble: When to warn.
        watch: Quality while training.
        judge: Quality at the end.
        frames: Pictures of the progress, spread evenly over the training.
        samples: Generated images kept at the end.
    """

    generator: GeneratorOptions
    critic: CriticOptions
    objective: Annotated[SerializeAsAny[Options], NamedIn(OBJECTIVES)]
    augment: GanPolicy
    adaptive: AdaptiveOptions | None
    generator_optimizer: OptimizerOptions
    critic_optimizer: OptimizerOptions
    critic_steps: int = Field(ge=1, le=100)
    batch: int = Field(ge=2, le=4096)
    loop: LoopOptions
    conditional: bool
    only: str | None
    held_out: float = Field(gt=0, le=0.5)
    extractor: ExtractorOptions
    quality: ImageQualityOptions
    memorisation: MemorisationOptions
    trouble: TroubleOptions
    watch: WatchOptions
    judge: JudgeOptions
    frames: int = Field(ge=1, le=1000)
    samples: int = Field(ge=1, le=100_000)

    @property
    def images_a_step(self) -> int:
        """Real images of the discriminator's updates of one step."""
        return self.batch * self.critic_steps

    @field_validator("objective", mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        """Let the objective's own model check its options. It needs torch, so it is imported only now."""
        return checked_options(OBJECTIVES, value)

    @model_validator(mode="after")
    def _both_are_told_the_class(self) -> Self:
        if not self.generator.conditional == self.critic.conditional == self.conditional:
            raise ValueError(
                "has a generator and a critic of which only one is told the class. Set conditional of the block "
                "itself, which both take over"
            )
        return self
