"""The game as it is mostly played (arXiv:1406.2661, section 3, last paragraph): the generator raises log D."""

from torch import Tensor
from torch.nn import functional as F

from nevus.objectives._game import Game
from nevus.objectives.minimax import cross_entropy


class NonSaturating(Game):
    """The discriminator of the minimax game; a generator whose gradients are largest where its images are worst."""

    def discriminator_cost(self, real: Tensor, fake: Tensor) -> Tensor:
        """In nats."""
        return cross_entropy(real, fake)

    def generator_cost(self, fake: Tensor) -> Tensor:
        """-log D of its images, in nats: ln 2 where D is 1/2."""
        return F.softplus(-fake).mean()
