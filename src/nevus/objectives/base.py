"""What every GAN objective is: the two losses of a game, handed the networks."""

from collections.abc import Callable
from typing import Any, ClassVar

from torch import Tensor, nn

from nevus.contracts import GanBatch, Options, StepOutput, Task, TrainingError

Network = Callable[..., Any]


class ObjectiveOptions(Options):
    """Settings of one objective.

    Attributes:
        name: Module in `nevus.objectives`.
    """

    name: str


class Objective(nn.Module):
    """The mathematics of one paper. One file holds the objective and its options.

    State that changes while training is a buffer: checkpoints keep it. Parameters of its own train beside the
    discriminator's.

    Attributes:
        Options: Model of the parameter block `objective`.
        views: Which views of the images the discriminator's loss reads: some of "weak" and "strong" of the real ones,
            and "strong_fake" of the generated ones.
        wants_teacher: Whether it reads `teacher`.
        teacher: The discriminator with the running mean of the weights, called like it; its gradients are off.
    """

    Options: ClassVar[type[ObjectiveOptions]] = ObjectiveOptions
    views: tuple[str, ...] = ()
    wants_teacher: bool = False
    teacher: Network

    def __init__(self, options: Any, task: Task) -> None:
        super().__init__()
        self.options, self.task = options, task

    def discriminator_loss(self, generator: Network, discriminator: Network, batch: GanBatch) -> StepOutput:
        """What the discriminator minimises.

        Args:
            generator: The network, for terms that look at other latents than those of the batch.
            discriminator: The network, answering in float32; with `return_features=True` features and logits; with
                `keep_statistics=False` its batch normalisations do not take what they see into their running
                statistics.
            batch: Augmented images; the generated ones have no graph.

        Returns:
            A scalar with its graph, and detached scalars to log.
        """
        raise TypeError(f"{type(self).__name__} has no discriminator_loss(generator, discriminator, batch)")

    def generator_loss(self, generator: Network, discriminator: Network, batch: GanBatch) -> StepOutput:
        """What the generator minimises.

        Args:
            generator: Likewise.
            discriminator: Likewise; its weights get no gradients.
            batch: Augmented images; the generated ones have a graph. The real ones are others than the discriminator
                has just learnt from, but in a conditional game, where real and generated images of a pair are of one
                class.

        Returns:
            A scalar with its graph, and detached scalars to log.
        """
        raise TypeError(f"{type(self).__name__} has no generator_loss(generator, discriminator, batch)")


def detached(scalars: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same values without their graphs."""
    return {name: value.detach() for name, value in scalars.items()}


def scores(discriminator: Network, images: Tensor, labels: Tensor | None, **options: Any) -> Tensor:
    """One score an image.

    Args:
        discriminator: (N, 3, H, W), and (N,) classes where there are any, to (N,) or (N, 1).
        images: (N, 3, H, W).
        labels: (N,) int64 classes in a conditional game.
        options: Of the call, such as `keep_statistics`.

    Returns:
        (N,).

    Raises:
        TrainingError: It answers with another number of scores.
    """
    answer: Tensor = discriminator(images, **options) if labels is None else discriminator(images, labels, **options)
    if answer.numel() != len(images):
        raise TrainingError(
            f"this objective wants one score an image, but for {len(images)} images the discriminator answers with "
            f"{tuple(answer.shape)}. Give it a network with one output, or take the objective semi_supervised."
        )
    return answer.reshape(len(images))
