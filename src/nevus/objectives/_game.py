"""What the games over one score an image share; each file of a paper says what the scores cost."""

from typing import Any

from torch import Tensor

from nevus.contracts import GanBatch, StepOutput, Task
from nevus.objectives._regularisers import RegularisersOptions, regularisers, watched
from nevus.objectives.base import Network, Objective, ObjectiveOptions, detached, scores


class GameOptions(ObjectiveOptions):
    """Settings that all these games have, so that one can be exchanged for another.

    Attributes:
        regularisers: Terms of the discriminator's loss beside the game itself.
    """

    regularisers: RegularisersOptions


class Game(Objective):
    """Two networks over one score an image: the discriminator raises it for real images, the generator for its own."""

    Options = GameOptions

    def __init__(self, options: Any, task: Task) -> None:
        super().__init__(options, task)
        self.views = ("strong", "strong_fake") if options.regularisers.consistency.weight else ()

    def discriminator_cost(self, real: Tensor, fake: Tensor) -> Tensor:
        """What the scores cost the discriminator.

        Args:
            real: (N,) scores of real images.
            fake: (N,) scores of generated images; the n-th is of the class of the n-th real one.

        Returns:
            Scalar.
        """
        raise TypeError(f"{type(self).__name__} has no discriminator_cost(real, fake)")

    def generator_cost(self, fake: Tensor) -> Tensor:
        """What the scores (N,) of its images cost the generator; a scalar."""
        raise TypeError(f"{type(self).__name__} has no generator_cost(fake)")

    def margin(self, real: Tensor, fake: Tensor) -> Tensor:
        """(N,) above 0 where the discriminator takes a real image for real."""
        return real

    def discriminator_loss(self, generator: Network, discriminator: Network, batch: GanBatch) -> StepOutput:
        """The cost of the scores, and the regularisers that are due.

        Args:
            generator: Not asked.
            discriminator: (N, 3, H, W), and (N,) classes in a conditional game, to one score an image.
            batch: Real and generated images, with the strong views where consistency has a weight.

        Returns:
            The loss; `real_score` and `fake_score` are means, `told_apart` is the share of pairs whose real image is
            scored above the generated one, 0.5 where they cannot be told apart, and `real_sign` is the share of real
            images taken for real less that of the others: 1 when the discriminator has them by heart (r_t of
            arXiv:2006.06676, equation 1).

        Raises:
            TrainingError: The discriminator gives more than one score an image.
        """
        batch = watched(self.options.regularisers, batch)
        real = scores(discriminator, batch.real, batch.labels)
        fake = scores(discriminator, batch.fake, batch.labels, keep_statistics=False)
        cost = self.discriminator_cost(real, fake)
        terms = regularisers(self.options.regularisers, discriminator, batch, real, fake)
        scalars = {
            "discriminator_loss": cost,
            "real_score": real.mean(),
            "fake_score": fake.mean(),
            "told_apart": (real > fake).float().mean(),
            "real_sign": self.margin(real, fake).sign().mean(),
            **{name: value for name, (_, value) in terms.items()},
        }
        return StepOutput(cost + sum(count * value for count, value in terms.values()), detached(scalars))

    def generator_loss(self, generator: Network, discriminator: Network, batch: GanBatch) -> StepOutput:
        """The cost of the scores of the generated images.

        Args:
            generator: Not asked.
            discriminator: As above.
            batch: The generated images have a graph.
        """
        loss = self.generator_cost(scores(discriminator, batch.fake, batch.labels, keep_statistics=False))
        return StepOutput(loss, detached({"generator_loss": loss}))
