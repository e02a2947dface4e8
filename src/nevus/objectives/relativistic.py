"""The relativistic pairing game (arXiv:1807.00734), as R3GAN plays it with R1 and R2 (arXiv:2501.05441).

The discriminator is to score each real image above the generated one beside it, the generator the other way round. With
R1 and R2 of the same weight the game converges locally (arXiv:2501.05441, section 2).
"""

from torch import Tensor
from torch.nn import functional as F

from nevus.contracts import GanBatch, StepOutput
from nevus.objectives._game import Game
from nevus.objectives.base import Network, detached, scores


class Relativistic(Game):
    """Only differences of scores count, so no image can be scored well without another one being scored worse."""

    def discriminator_cost(self, real: Tensor, fake: Tensor) -> Tensor:
        """-log sigmoid of the differences, in nats: ln 2 where all scores are the same."""
        return F.softplus(fake - real).mean()

    def margin(self, real: Tensor, fake: Tensor) -> Tensor:
        """The difference of a pair."""
        return real - fake

    def generator_loss(self, generator: Network, discriminator: Network, batch: GanBatch) -> StepOutput:
        """-log sigmoid of the differences the other way round, in nats; the real images are asked too.

        Args:
            generator: Not asked.
            discriminator: One score an image.
            batch: Real and generated images; pairs are of one class.
        """
        real = scores(discriminator, batch.real, batch.labels, keep_statistics=False)
        fake = scores(discriminator, batch.fake, batch.labels, keep_statistics=False)
        loss = F.softplus(real - fake).mean()
        return StepOutput(loss, detached({"generator_loss": loss}))
