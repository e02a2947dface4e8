"""What every GAN objective is: the two losses of a game, handed the networks."""

from collections.abc import Callable
from typing import Any, ClassVar

from torch import Tensor, nn

from nevus.contracts import GanBatch, Options, StepOutput, Task

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
        views: Which views of the real images the discriminator's loss reads: some of "weak" and "strong".
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
            batch: Augmented images; the real ones are others than the discriminator has just learnt from, the
                generated ones have a graph.

        Returns:
            A scalar with its graph, and detached scalars to log.
        """
        raise TypeError(f"{type(self).__name__} has no generator_loss(generator, discriminator, batch)")


def detached(scalars: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same values without their graphs."""
    return {name: value.detach() for name, value in scalars.items()}
